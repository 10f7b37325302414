"""Killer: a parent that kills its children at random moments, starts them again, and keeps the ledger.

A child says on its standard output what it knows, one line each, before it does anything else: `start ID [KEY]`,
`ok ID`, `failed ID`, `deliver CONSUMER ID`, `done CONSUMER ID`, `dead CONSUMER ID`. Other lines are passed over.
"""

import random
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, cast

from tense.testing.ledger import Answer, End, Ledger

ANSWERS = ("ok", "failed")
ENDS = ("done", "dead", "expired", "pending")


class Killer:
    """Children by name, each with the command that starts it. The same seed kills in the same order."""

    def __init__(self, commands: Mapping[str, Sequence[str]], ledger: Ledger, seed: int = 0) -> None:
        self.ledger = ledger
        self.kills = 0
        self._commands = commands
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lock = threading.Lock()
        self._children: dict[str, tuple[subprocess.Popen[bytes], threading.Thread]] = {}

    def start(self, *names: str) -> None:
        """Start children, by default all; those that run are left alone."""
        for name in names or tuple(self._commands):
            if name not in self._children:
                process = subprocess.Popen(self._commands[name], stdout=subprocess.PIPE)  # noqa: S603 - the caller's program
                reader = threading.Thread(target=self._read, args=(cast("IO[bytes]", process.stdout),), daemon=True)
                reader.start()
                self._children[name] = process, reader

    def kill(self, *names: str) -> None:
        """SIGKILL children, by default all, and read what they had said."""
        for name in names or tuple(self._children):
            process, reader = self._children.pop(name)
            process.kill()
            process.wait()
            reader.join()
            cast("IO[bytes]", process.stdout).close()
            self.kills += 1

    def rounds(self, count: int, between: tuple[float, float] = (0.05, 0.5)) -> None:
        """Kill one or more children at a random moment and start them again, `count` times."""
        names = sorted(self._commands)
        for _ in range(count):
            time.sleep(self._chance.uniform(*between))
            victims = self._chance.sample(names, self._chance.randint(1, max(1, len(names) // 2)))
            self.kill(*victims)
            self.start(*victims)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for something, looking often.

        Raises:
            TimeoutError: it did not come in time.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                text = f"not within {seconds:g} s"
                raise TimeoutError(text)
            time.sleep(0.02)

    def _read(self, lines: IO[bytes]) -> None:
        for line in lines:
            # The last line of a killed child may be cut in the middle of a word.
            if line.endswith(b"\n"):
                with self._lock:
                    note(self.ledger, line.decode(errors="replace").split())


def note(ledger: Ledger, words: list[str]) -> None:
    """Write one line of a child into the ledger."""
    match words:
        case ["start", id_]:
            ledger.start(id_)
        case ["start", id_, key]:
            ledger.start(id_, key)
        case [answer, id_] if answer in ANSWERS:
            ledger.answer(id_, cast("Answer", answer))
        case ["deliver", consumer, id_]:
            ledger.deliver(consumer, id_)
        case [end, consumer, id_] if end in ENDS:
            ledger.settle(consumer, id_, cast("End", end))
        case _:
            return
