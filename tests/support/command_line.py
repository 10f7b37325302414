"""The command line of a small app in a folder: run, waited for line by line, asked."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

SOURCE = str(Path(__file__).resolve().parents[2] / "src")

LIMIT = 30.0

APP = """
import asyncio
import time

from tense import App, Command, Contract, Service, Transaction

work = Contract("work")
service = Service(work)


class DoWork(Command[str], owner=work, key="name"):
    name: str
    how: str = "quick"


@service.handles(DoWork)
async def do(command: DoWork, db: Transaction) -> str:
    print(f"begun {command.name}", flush=True)
    if command.how == "slow":
        await asyncio.sleep(1.0)
    elif command.how == "endless":
        await asyncio.sleep(3600)
    elif command.how == "blocking":
        time.sleep(3600)
    await db.execute("CREATE TABLE IF NOT EXISTS done (name TEXT)")
    await db.execute("INSERT INTO done VALUES (:name)", name=command.name)
    return f"did {command.name}"


app = App(service)
"""


def surroundings(**more):
    """The environment of a process that runs this tree's `tense`, on the store that the folder names."""
    return {name: value for name, value in os.environ.items() if name != "TENSE_STORE"} | {"PYTHONPATH": SOURCE, **more}


class Running:
    """A process whose lines can be waited for."""

    def __init__(self, folder, *words):
        self.lines = []
        self._queue = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tense", *words],
            cwd=folder,
            env=surroundings(PYTHONUNBUFFERED="1"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._queue.put(line)
        self._queue.put(None)

    def until(self, text):
        """The first line with this text."""
        deadline = time.monotonic() + LIMIT
        while (left := deadline - time.monotonic()) > 0:
            line = self._queue.get(timeout=left)
            assert line is not None, f"ended without {text!r}: {''.join(self.lines)}"
            self.lines.append(line)
            if text in line:
                return line
        raise AssertionError(f"no {text!r} within {LIMIT} s: {''.join(self.lines)}")

    def ended(self):
        """The exit status, and everything that was written."""
        status = self.process.wait(LIMIT)
        self._reader.join(LIMIT)
        while (line := self._queue.get(timeout=LIMIT)) is not None:
            self.lines.append(line)
        self.process.stdout.close()
        return status, "".join(self.lines)


def tense(folder, *words, stdin=""):
    return subprocess.run(
        [sys.executable, "-m", "tense", *words],
        cwd=folder,
        env=surroundings(),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT,
    )


def send(folder, name, how="quick"):
    ran = tense(folder, "send", "DoWork", json.dumps({"name": name, "how": how}), "--id", name)
    assert ran.returncode == 0, ran.stderr


def outcome(folder, name, wait="0"):
    return json.loads(tense(folder, "outcome", name, "--wait", wait, "--json").stdout)
