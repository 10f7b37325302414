"""Transactions on the one writing connection: the turn between processes, BEGIN and COMMIT, here or aside."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tense.adapters.stores.sqlite.file import translated
from tense.adapters.stores.sqlite.neighbours import Turns
from tense.ports.spawn import Aside

log = logging.getLogger("tense")

FOLD = 1000
"""About how many pages the write-ahead log may hold before it is folded into the file.

A log that is folded often is written over again; one that only grows makes every sync slower, for the file grows too.
"""

PATIENCE = 30.0
"""Seconds to wait for somebody who holds SQLite's lock without taking turns."""

ENDED = "SQLite ended the transaction by itself, as it does when the disk is full"

Done = Callable[[BaseException | None], None]


class Transactions:
    """Begins and ends transactions; who has begun one has the turn of all processes until it ends."""

    def __init__(self, connection: sqlite3.Connection, lock: Turns, aside: Aside) -> None:
        self._connection = connection
        self._say = connection.cursor().execute
        self._lock = lock
        self._aside = aside
        self._settings = ("", -1)
        self._since_fold = 0

    def begin_now(self, *, light: bool) -> bool:
        """Begin if nobody else writes. A light transaction survives the process, but not a power cut."""
        if not self._lock.try_take():
            return False
        try:
            self._set("NORMAL" if light else "FULL", 0)
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            self._lock.give()
            return False
        return True

    def begin_aside(self, done: Done) -> None:
        """Begin when it is this process's turn."""
        self._aside.run(self._wait_and_begin, done)

    def commit_now(self) -> None:
        """Commit what needs no sync.

        Raises:
            sqlite3.Error: it is not committed; roll back.
        """
        self._connection.execute("COMMIT")
        self._lock.give()

    def commit_aside(self, size: int, done: Done) -> None:
        """Commit beside the loop; `size` is how many operations it had."""
        # A commit writes a page of each table and index it touches, and more where it holds many rows.
        self._since_fold += 3 + size // 8
        self._aside.run(self._commit_and_fold, done)

    def roll_back(self) -> None:
        """Undo everything and give the turn up."""
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                log.error("rolling back failed: %s", error)  # noqa: TRY400 - the first error is the one to show
        self._lock.give()

    def check_open(self, path: Path) -> None:
        """A statement that meets a full disk ends the whole transaction; what came after it would be on its own.

        Raises:
            StoreError: it was ended.
        """
        if not self._connection.in_transaction:
            raise translated(sqlite3.OperationalError(ENDED), path)

    def begin_turn(self) -> None:
        """Begin what can be undone by itself."""
        self._say("SAVEPOINT tense_turn")

    def keep_turn(self, path: Path) -> None:
        """Keep what was written since the savepoint of a turn."""
        self.check_open(path)
        self._say("RELEASE tense_turn")

    def undo_turn(self) -> sqlite3.Error | None:
        """Undo what was written since the savepoint of a turn; the error if only the whole group can be undone."""
        try:
            self._connection.execute("ROLLBACK TO tense_turn")
            self._connection.execute("RELEASE tense_turn")
        except sqlite3.Error as error:
            return error if self._connection.in_transaction else sqlite3.OperationalError(ENDED)
        return None

    def _wait_and_begin(self) -> None:
        self._lock.take()
        try:
            self._set("FULL", int(PATIENCE * 1000))
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.give()
            raise

    def _commit_and_fold(self) -> None:
        self._connection.execute("COMMIT")
        if self._since_fold >= FOLD:
            self._since_fold = 0
            # The commit stands, whatever becomes of the folding; a failure is met again at the next one.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._lock.give()

    def _set(self, synchronous: str, busy_timeout: int) -> None:
        before, self._settings = self._settings, ("", -1)
        if synchronous != before[0]:
            self._connection.execute(f"PRAGMA synchronous = {synchronous}")
        if busy_timeout != before[1]:
            self._connection.execute(f"PRAGMA busy_timeout = {busy_timeout}")
        self._settings = (synchronous, busy_timeout)
