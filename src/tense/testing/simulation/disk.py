"""Disk: the file that the nodes share, whose turn it is to write it, and what can be read of it from outside."""

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

LEDGER = """
CREATE TABLE simulated_ledger (
    at INTEGER PRIMARY KEY, moment REAL, node TEXT, consumer TEXT, kind TEXT, id TEXT, type TEXT, key TEXT, position INTEGER,
    origin TEXT, attempt INTEGER, settlement TEXT, outcome TEXT)
"""

PENDING = (
    ("commands not ended", "SELECT service, type, id, state FROM tense_command WHERE state IN (0, 1)"),
    (
        "commands held back behind nothing",
        (
            "SELECT service, type, id, strand FROM tense_command AS c WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM "
            "tense_command AS d WHERE d.service = c.service AND d.lane = c.lane AND d.strand = c.strand AND d.state = 4)"
        ),
    ),
    ("events to be retried", "SELECT consumer, pos, state FROM tense_exception WHERE state IN (1, 5)"),
    (
        "events held back behind nothing",
        (
            "SELECT consumer, pos, strand FROM tense_exception AS e WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM "
            "tense_exception AS d WHERE d.consumer = e.consumer AND d.lane = e.lane AND d.strand = e.strand AND d.state = 4)"
        ),
    ),
    (
        "events not read",
        (
            "SELECT c.name, l.type, l.id, l.pos FROM tense_log AS l JOIN tense_consumer AS c ON c.channel = l.channel AND "
            "c.kind = 'subscription' AND EXISTS (SELECT 1 FROM tense_subscribed AS t WHERE t.consumer = c.name AND "
            "t.type = l.type) JOIN tense_lane AS p ON "
            "p.consumer = c.name AND p.lane = l.lane WHERE l.pos > p.pos"
        ),
    ),
)
"""What must be empty when all is done; each row names a message."""


class WouldWaitError(BaseException):
    """A job aside would block: it is asked again when its turn has come. No error of anybody's."""


class Turn:
    """One node's place in the queue for the right to write."""

    def __init__(self, disk: "Disk", is_cut: Callable[[], bool]) -> None:
        self._disk = disk
        self._is_cut = is_cut
        self.aside = False
        self.again: Callable[[], object] = lambda: None

    def try_take(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        disk = self._disk
        if disk.holder is None and not disk.queue and not self._is_cut():
            disk.holder = self
        return disk.holder is self

    def take(self) -> None:
        """Wait for the turn. A caller on the loop's thread opens or closes a file, which needs none."""
        disk = self._disk
        if disk.holder is None:
            disk.holder = self
        elif disk.holder is not self and self.aside:
            disk.queue.append(self)
            raise WouldWaitError

    def give(self) -> None:
        """Let the next have it."""
        disk = self._disk
        if disk.holder is self:
            disk.holder = disk.queue.popleft() if disk.queue else None
            if disk.holder is not None:
                disk.holder.again()

    def close(self) -> None:
        """Let go of everything, as the system does when a process dies."""
        with suppress(ValueError):
            self._disk.queue.remove(self)
        self.give()


class Disk:
    """A SQLite file, as the nodes share it. The judge reads it over a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.holder: Turn | None = None
        self.queue: deque[Turn] = deque()
        self.bells: dict[str, Callable[[], object]] = {}
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(LEDGER)

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """What is committed; nothing where a table does not exist yet."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise

    def pending(self) -> list[str]:
        """What is not done yet, in words."""
        return [f"{what}: {tuple(row)}" for what, query in PENDING for row in self.rows(query)]

    def close(self) -> None:
        """Disconnect and delete the file."""
        self._connection.close()
        for place in self.path.parent.glob(f"{self.path.name}*"):
            place.unlink()
