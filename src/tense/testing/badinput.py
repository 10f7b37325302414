"""Bad input: every file of a folder, fed to a running consumer as body and as header; `python -m tense.testing.badinput PATH`.

Each is written into the store as a foreign hand would write it, past every check of a sender. It must be handled, or
refused with a dead letter that says why; never a crash, never more than a second or 100 MB, and the consumer lives on.
Seconds are the processor's: a busy machine is no fault of an input.
"""

import asyncio
import logging
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tense.dispatch.service import Service
from tense.messages.contract import Contract
from tense.messages.kinds import Command
from tense.messages.metadata import Metadata
from tense.rules.retry import Retry
from tense.runtime.app import App
from tense.testing.harness import Harness, harness

SECONDS = 1.0
MEGABYTES = 100.0
PATIENCE = 60.0
"""Real seconds after which a message counts as one that hangs its consumer."""

MOST = 2_000_000
"""Bytes that are fed of one file: twice what a consumer takes, so that the rest would be refused for the same reason."""

TYPED = frozenset({"undecodable", "no-handler", "expired"})
"""Reasons of dead letters that say what was wrong with the message."""

kit = Contract("badinput")


class Fed(Command[str], owner=kit):
    """A bit of every kind of field, all of them optional."""

    name: str = ""
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    items: tuple[Any, ...] = ()
    more: dict[str, Any] = msgspec.field(default_factory=dict)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one input: `end` is `handled`, `refused`, or what is wrong."""

    name: str
    place: str
    end: str
    seconds: float
    megabytes: float

    @property
    def fault(self) -> str | None:
        """What must not have happened, if it did."""
        if self.end not in ("handled", "refused"):
            return self.end
        if self.seconds > SECONDS:
            return f"took {self.seconds:.1f} s"
        return f"took {self.megabytes:.0f} MB" if self.megabytes > MEGABYTES else None


class Feeder:
    """A running consumer on a file, and the foreign hand that writes into it."""

    def __init__(self, h: Harness, file: Path) -> None:
        self._h = h
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=60)

    async def feed(self, name: str, data: bytes) -> list[Verdict]:
        """One input as a body, as a header's value, and as raw bytes amid the headers."""
        text = data.decode("latin-1")
        raw = msgspec.json.encode(self._metadata({"value": "HERE"})).replace(b"HERE", data)
        return [
            await self._verdict(name, "body", None, data),
            await self._verdict(name, "header", msgspec.json.encode(self._metadata({"value": text})), b"{}"),
            await self._verdict(name, "raw header", raw, b"{}"),
        ]

    async def alive(self) -> bool:
        """Whether the consumer still answers."""
        ticket = await self._h.client.send(Fed(name="well"))
        await asyncio.wait_for(self._h.idle(), PATIENCE)
        return await ticket.result() == "well"

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    async def _verdict(self, name: str, place: str, headers: bytes | None, body: bytes) -> Verdict:
        id_ = self._put(headers, body)
        began, used = time.process_time(), _megabytes()
        try:
            self._h.engine.worker.arrived(kit.name, -1)
            await asyncio.wait_for(self._h.idle(), PATIENCE)
            end = await self._end(id_)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            end = f"crash: {type(error).__name__}: {error}"[:200]
        seconds, megabytes = time.process_time() - began, _megabytes() - used
        return Verdict(name=name, place=place, end=end, seconds=seconds, megabytes=megabytes)

    def _put(self, headers: bytes | None, body: bytes) -> str:
        metadata = self._metadata({})
        self._connection.execute(
            "INSERT INTO tense_command (id, service, lane, state, type, headers, body, accepted) "
            "VALUES (?, ?, 1, 0, ?, ?, ?, 0)",
            (metadata.id, kit.name, metadata.type, headers or msgspec.json.encode(metadata), body),
        )
        return metadata.id

    def _metadata(self, headers: dict[str, str]) -> Metadata:
        return Metadata(
            id=self._h.engine.seams.chance.new_id(), kind="command", type="badinput.Fed", source="afar", headers=headers
        )

    async def _end(self, id_: str) -> str:
        letters = await self._h.dead()
        await self._h.engine.store.drop([letter.number for letter in letters])
        state, outcome = self._connection.execute(
            "SELECT state, outcome FROM tense_command WHERE id = ?", (id_,)
        ).fetchone() or (None, None)
        if letters:
            strange = [letter for letter in letters if letter.reason not in TYPED]
            return f"refused for no typed reason: {strange[0].reason}: {strange[0].error}" if strange else "refused"
        return "handled" if outcome is not None else f"neither handled nor refused (state {state})"


def consumer() -> App:
    """An app that takes whatever decodes."""
    service = Service(kit)

    @service.handles(Fed, retry=Retry(attempts=1))
    async def feed(command: Fed, about: Metadata) -> str:
        repr((command, about.headers))
        return command.name

    return App(service)


async def feed_all(inputs: Iterable[tuple[str, bytes]]) -> list[Verdict]:
    """Feed inputs one by one; the last verdict says whether the consumer lives."""
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "badinput.db"
        async with harness(consumer(), store=f"sqlite:///{file}") as h:
            await h.idle()
            feeder = Feeder(h, file)
            try:
                for name, data in inputs:
                    verdicts += await feeder.feed(name, data)
                lives = await feeder.alive()
            finally:
                feeder.close()
    end = "handled" if lives else "the consumer is dead"
    return [*verdicts, Verdict(name="a good message", place="at the end", end=end, seconds=0.0, megabytes=0.0)]


def files_of(path: Path, unread: list[str] | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder and its folders, or the one file, in order; never a pipe, a device or a folder twice.

    Those that cannot be read are added to `unread`, with the reason.
    """
    for file in (
        [path] if path.is_file() else sorted(Path(at, name) for at, _, names in os.walk(path) for name in names)
    ):
        name = str(file.relative_to(path)) if file != path else file.name
        try:
            data = _head(file) if file.is_file() else None
        except OSError as error:
            if unread is not None:
                unread.append(f"{name} was not fed: {error.strerror or error}")
        else:
            if data is not None:
                yield name, data


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MOST)


def report(verdicts: list[Verdict]) -> str:
    """The faults, one a line, and one line of figures."""
    ends = Counter(verdict.end for verdict in verdicts if verdict.fault is None)
    faults = [f"{v.name} as {v.place}: {v.fault}" for v in verdicts if v.fault is not None]
    slowest, largest = max(v.seconds for v in verdicts), max(v.megabytes for v in verdicts)
    figures = f"{len(verdicts)} inputs: {ends['handled']} handled, {ends['refused']} refused, {len(faults)} faults"
    lines = [*faults, f"{figures}; slowest {slowest:.3f} s, most memory {largest:.0f} MB"]
    return "\n".join(lines).encode("ascii", "backslashreplace").decode()


def main(arguments: list[str]) -> int:
    """Feed the folder named on the command line; 0 if nothing is wrong with us."""
    path = Path(arguments[0]) if len(arguments) == 1 else Path()
    if len(arguments) != 1 or not (path.is_file() or path.is_dir()):
        print("usage: python -m tense.testing.badinput PATH, a file or a folder", file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    logging.getLogger("tense").setLevel(logging.CRITICAL)
    unread: list[str] = []
    verdicts = asyncio.run(feed_all(files_of(path, unread)))
    print(*(ascii(line) for line in unread), report(verdicts), sep="\n")  # noqa: T201 - as above
    return 1 if any(verdict.fault for verdict in verdicts) else 0


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
