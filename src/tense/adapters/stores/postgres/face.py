"""The faces that handlers see of a PostgreSQL connection: Transaction and Snapshot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.translate import numbered
from tense.ports.transaction import Row

Take = Callable[[], Awaitable[Connection]]
"""Gives the connection within its transaction."""


class PostgresTransaction:
    """Statements within one transaction of the database. The first of them begins it; the handler's end ends it.

    A statement that fails dooms the transaction, as PostgreSQL has it: use `begin()` around one that may.
    """

    __slots__ = ("_depth", "_lock", "_take")

    def __init__(self, take: Take) -> None:
        self._take = take
        self._depth = 0
        self._lock = asyncio.Lock()

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement."""
        text, names = numbered(sql)
        given = values or named
        async with self._lock:
            connection = await self._take()
            return count_of(await connection.execute(text, *[given[name] for name in names]))

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement for each row."""
        text, names = numbered(sql)
        values = [[row[name] for name in names] for row in rows]
        async with self._lock:
            connection = await self._take()
            if _inserts_each(text):
                await connection.executemany(text, values)
                return len(values)
            return sum([count_of(await connection.execute(text, *row)) for row in values])

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        text, names = numbered(sql)
        given = values or named
        async with self._lock:
            connection = await self._take()
            return [tuple(row) for row in await connection.fetch(text, *[given[name] for name in names])]

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        text, names = numbered(sql)
        given = values or named
        async with self._lock:
            connection = await self._take()
            row = await connection.fetchrow(text, *[given[name] for name in names])
        return None if row is None else tuple(row)

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetch_one(sql, values, **named)
        return None if row is None else row[0]

    def begin(self) -> AbstractAsyncContextManager[None]:
        """A part that can be undone on its own."""
        return self._part()

    @asynccontextmanager
    async def _part(self) -> AsyncIterator[None]:
        self._depth += 1
        name = f"tense_part_{self._depth}"
        await self._say(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            await self._say(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            self._depth -= 1
        await self._say(f"RELEASE SAVEPOINT {name}")

    async def _say(self, words: str) -> None:
        async with self._lock:
            await (await self._take()).execute(words)


class PostgresSnapshot:
    """Reads of what is committed, each on a connection of its own that cannot write meanwhile."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        text, names = numbered(sql)
        given = values or named
        async with self._core.readers.connection() as connection, connection.transaction(readonly=True):
            return [tuple(row) for row in await connection.fetch(text, *[given[name] for name in names])]

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        rows = await self.fetch_all(sql, values, **named)
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """The first column of the first row."""
        row = await self.fetch_one(sql, values, **named)
        return None if row is None else row[0]


def count_of(status: str) -> int:
    """The number of rows in a command's answer, such as `INSERT 0 3`."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0


def _inserts_each(text: str) -> bool:
    """Whether each run adds exactly one row, so that nobody need count."""
    words = text.lstrip()[:6].upper()
    upper = text.upper()
    return words == "INSERT" and "CONFLICT" not in upper and "SELECT" not in upper
