"""Read a folder of recorded GitHub webhooks, track each as a command, and print what happened.

    python examples/webhooks/run.py --input FOLDER [--store sqlite:///webhooks.db] [--json]

Run it twice on one store: ids are derived from content, so the second run changes nothing.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import get_args

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import msgspec

from examples.webhooks.app import app
from examples.webhooks.github import command_of
from examples.webhooks.payload import LARGEST, Unusable, printable
from examples.webhooks.people.service import Done
from examples.webhooks.report import Figures, Ledger, Refusal, as_text, counted
from examples.webhooks.repository.contract import AnyCommand
from tense import Client, TenseError
from tense.errors import MessageTooLargeError, UnencodableError
from tense.runtime.load import sqlite_path

AT_ONCE = 64
CATCH_UP = 60.0
REASONS: dict[type[Exception], str] = {MessageTooLargeError: "too-large", UnencodableError: "unusable"}
"""What only shows when a command is sent. Any other error is a failure of ours and not of the file."""
CREDITED = frozenset(event.__name__ for event in get_args(Done))


def main() -> int:
    """0: every file is accounted for. 1: a command failed or the store could not be used. 2: wrong words."""
    options = parser().parse_args()
    folder: Path = options.input
    if not folder.is_dir():
        print(f"{folder} is no folder. --input names the folder with the recorded payloads.", file=sys.stderr)
        return 2
    if options.store and not options.store.startswith("sqlite:///"):
        print(f"--store {options.store}: the report is read from SQLite; write sqlite:///FILE.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="webhooks-") as scratch:
        store = options.store or f"sqlite:///{scratch}/webhooks.db"
        try:
            figures = asyncio.run(run(folder, store))
        except TenseError as error:
            print(f"{store}: {error}", file=sys.stderr)
            return 1
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(figures), indent=2).decode())
    else:
        print(as_text(figures))
    return 1 if figures.refused.get("failed") else 0


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(description="Track recorded GitHub webhooks.")
    words.add_argument("--input", type=Path, required=True, metavar="FOLDER", help="EVENT__ACTION.payload.json files")
    words.add_argument("--store", metavar="ADDRESS", help="sqlite:///FILE; without it, a file that is forgotten")
    words.add_argument("--json", action="store_true", help="print the figures as JSON")
    return words


async def run(folder: Path, store: str) -> Figures:
    """Send what the folder holds, wait for the subscribers, read the figures."""
    files = files_in(folder)
    commands, refusals = read(files, folder)
    ledger = Ledger(sqlite_path(store))
    async with app.running(store=store) as client:
        before = set(ledger.tracked())
        refusals += await track(client, commands)
        await settled(ledger)
    tracked = ledger.tracked()
    failed = {refusal.file for refusal in refusals}
    accepted = {key for file, (key, _) in commands.items() if file not in failed}
    return Figures(
        files_read=len(files),
        commands_accepted=sum(file not in failed for file in commands),
        duplicates=sum(file not in failed for file in commands) - len(accepted),
        new=len(accepted - before),
        refused=counted(refusal.reason for refusal in refusals),
        events=counted(tracked[key] for key in accepted),
        digest=ledger.digest(),
        people=ledger.people(),
        refusals=sorted(refusals, key=lambda refusal: refusal.file),
    )


def files_in(folder: Path) -> list[Path]:
    """Every file that is not hidden, in the order of names."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith("."))


def read(files: list[Path], folder: Path) -> tuple[dict[str, tuple[str, AnyCommand]], list[Refusal]]:
    """Each usable file with its command and the id that its content gives it; why the others are not."""
    commands: dict[str, tuple[str, AnyCommand]] = {}
    refusals = []
    for path in files:
        name = printable(str(path.relative_to(folder)))
        try:
            body = content(path)
            key = sha256(path.name.partition("__")[0].encode() + b"\n" + body).hexdigest()
            commands[name] = f"github-{key[:32]}", command_of(path.name, body)
        except Unusable as unusable:
            refusals.append(Refusal(file=name, reason=unusable.reason, detail=unusable.detail))
    return commands, refusals


def content(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        Unusable: it cannot be read, or is larger than any payload.
    """
    try:
        if path.exists() and not path.is_file():
            raise Unusable("unreadable", "this is no ordinary file")
        if (size := path.stat().st_size) > LARGEST:
            raise Unusable("too-large", f"{size:,} bytes; GitHub sends at most {LARGEST:,}")
        return path.read_bytes()
    except OSError as error:
        raise Unusable("unreadable", error.strerror or str(error)) from None


async def track(client: Client, commands: dict[str, tuple[str, AnyCommand]]) -> list[Refusal]:
    """Execute the commands, some at a time; what was not done, and why."""
    gate = asyncio.Semaphore(AT_ONCE)
    refusals: list[Refusal] = []
    done = 0

    async def one(file: str, key: str, command: AnyCommand) -> None:
        nonlocal done
        async with gate:
            try:
                await client.execute(command, id=key)
            except TenseError as error:
                reason = REASONS.get(type(error), "failed")
                refusals.append(Refusal(file=file, reason=reason, detail=printable(str(error))))
        done += 1
        progress(done, len(commands))

    await asyncio.gather(*(one(file, key, command) for file, (key, command) in commands.items()))
    return refusals


async def settled(ledger: Ledger) -> None:
    """Wait until both subscribers have counted everything."""
    limit = time.monotonic() + CATCH_UP
    while not ledger.is_settled(CREDITED) and time.monotonic() < limit:  # noqa: ASYNC110 - it looks from outside
        await asyncio.sleep(0.02)


def progress(done: int, total: int) -> None:
    """A bar, where a person looks."""
    if sys.stderr.isatty():
        filled = 30 * done // total
        end = "\n" if done == total else ""
        print(f"\r{'█' * filled}{'░' * (30 - filled)} {done}/{total}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
