"""The faces that handlers see of a SQLite connection: Transaction and Snapshot."""

import asyncio
import inspect
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tense.ports.transaction import Row, refuse_ending

log = logging.getLogger("tense")

SLOW = 0.1
"""Seconds after which a statement is reported: while it runs, nothing else in this process does."""

Take = Callable[[], "sqlite3.Connection | asyncio.Future[sqlite3.Connection]"]
"""Gives the connection, once the caller has its turn."""


class SqliteTransaction:
    """Statements within one turn. The first of them takes it; the handler's end gives it back."""

    __slots__ = ("_depth", "_take")

    def __init__(self, take: Take) -> None:
        self._take = take
        self._depth = 0

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement."""
        connection = self._take()
        if isinstance(connection, asyncio.Future):
            connection = await connection
        return max(0, timed(connection.execute, sql, values or named).rowcount)

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement for each row."""
        connection = await self._connection()
        return max(0, timed(connection.executemany, sql, rows).rowcount)

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        connection = await self._connection()
        return timed(connection.execute, sql, values or named).fetchall()

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        connection = await self._connection()
        row: Row | None = timed(connection.execute, sql, values or named).fetchone()
        return row

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetch_one(sql, values, **named)
        return None if row is None else row[0]

    def begin(self) -> AbstractAsyncContextManager[None]:
        """A part that can be undone on its own."""
        return self._part()

    @asynccontextmanager
    async def _part(self) -> AsyncIterator[None]:
        connection = await self._connection()
        self._depth += 1
        name = f"part_{self._depth}"
        connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            connection.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            connection.execute(f"RELEASE {name}")
            self._depth -= 1

    async def _connection(self) -> sqlite3.Connection:
        connection = self._take()
        return await connection if isinstance(connection, asyncio.Future) else connection


class SqliteSnapshot:
    """Reads of what is committed, on a connection that cannot write."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        return timed(self._connection.execute, sql, values or named).fetchall()

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        cursor = timed(self._connection.execute, sql, values or named)
        row: Row | None = cursor.fetchone()
        cursor.close()
        return row

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetch_one(sql, values, **named)
        return None if row is None else row[0]


def timed(run: Callable[..., sqlite3.Cursor], sql: str, values: Any) -> sqlite3.Cursor:
    """Run a statement that does not end the transaction; report it with the place it was called from if it took long."""
    refuse_ending(sql)
    began = time.perf_counter()
    cursor = run(sql, values)
    took = time.perf_counter() - began
    if took > SLOW:
        log.warning("a statement held everybody up for %.0f ms at %s: %s", took * 1000, _place(), " ".join(sql.split()))
    return cursor


def _place() -> str:
    """The first frame outside of this adapter."""
    for frame in inspect.stack(context=0)[2:]:
        if "/tense/adapters/" not in frame.filename.replace("\\", "/"):
            return f"{frame.filename}:{frame.lineno}"
    return "unknown"
