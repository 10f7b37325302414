"""SQLite in memory, one turn at a time: the database of handlers on a store that keeps no rows."""

import asyncio
import sqlite3
import weakref
from collections import deque
from typing import Any

from tense.adapters.stores.sqlite.face import SqliteSnapshot, SqliteTransaction
from tense.errors import WorkflowError
from tense.ports.transaction import Snapshot, Transaction


class SqliteScratch:
    """A database in memory, or one the caller made, that gives one handler at a time its turn."""

    drivers: tuple[type, ...] = (sqlite3.Connection,)

    def __init__(self, connection: sqlite3.Connection | None = None) -> None:
        self._connection = connection
        self._holder: SqliteTurn | None = None
        self._waiting: deque[tuple[SqliteTurn, asyncio.Future[sqlite3.Connection]]] = deque()

    @property
    def connection(self) -> sqlite3.Connection:
        """The database; made at its first use."""
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            # A memory store keeps it from run to run, so nobody can say when it was used for the last time.
            weakref.finalize(self, self._connection.close)
        return self._connection

    def turn(self) -> "SqliteTurn":
        """A turn that is not taken yet."""
        return SqliteTurn(self)

    def snapshot(self) -> Snapshot:
        """Reads; in memory there is one connection, so they also see what an open turn wrote."""
        return SqliteSnapshot(self.connection)

    def close(self) -> None:
        """Forget everything."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def take(self, turn: "SqliteTurn") -> "sqlite3.Connection | asyncio.Future[sqlite3.Connection]":
        """Give the turn now, or queue for it."""
        if self._holder is turn:
            return self.connection
        if self._holder is None:
            return self._begin(turn)
        waiting: asyncio.Future[sqlite3.Connection] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, waiting))
        return waiting

    def release(self, turn: "SqliteTurn", statement: str) -> None:
        """End a turn with COMMIT or ROLLBACK and give the next."""
        if self._holder is not turn:
            return
        self.connection.execute(statement)
        self._holder = None
        while self._waiting:
            following, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(self._begin(following))
                return

    def _begin(self, turn: "SqliteTurn") -> sqlite3.Connection:
        self.connection.execute("BEGIN")
        self._holder = turn
        turn.begun = True
        return self.connection


class SqliteTurn:
    """One handler's use of the scratch."""

    __slots__ = ("_over", "_scratch", "begun")

    def __init__(self, scratch: SqliteScratch) -> None:
        self._scratch = scratch
        self._over = False
        self.begun = False

    def transaction(self) -> Transaction:
        """The database as the handler sees it."""
        return SqliteTransaction(self._take)

    async def driver(self, kind: type) -> Any:
        """The connection itself."""
        del kind
        taken = self._take()
        return await taken if isinstance(taken, asyncio.Future) else taken

    def keep(self) -> None:
        """Commit."""
        self._over = True
        self._scratch.release(self, "COMMIT")

    def undo(self) -> None:
        """Roll back."""
        self._over = True
        self._scratch.release(self, "ROLLBACK")

    def _take(self) -> "sqlite3.Connection | asyncio.Future[sqlite3.Connection]":
        if self._over:
            text = "the Transaction was used after the handler ended; its unit of work is over"
            raise WorkflowError(text)
        return self._scratch.take(self)
