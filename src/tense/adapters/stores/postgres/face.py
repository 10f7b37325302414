"""The faces that handlers see of a PostgreSQL connection: Transaction and Snapshot."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.translate import adds_one_row, numbered
from tense.ports.transaction import Row

ONE_ADDED = "INSERT 0 1"
"""The server's word for one row that was added."""


class Line(Protocol):
    """Runs statements within one transaction, one at a time."""

    async def run(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        """Run a statement; its rows, and the server's word for what it did."""
        ...

    async def say(self, words: str) -> None:
        """Run words without parameters that give no rows."""
        ...

    async def many(self, text: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""
        ...


class PostgresTransaction:
    """Statements within one transaction of the database. The first of them begins it; the handler's end ends it.

    A statement that fails dooms the transaction, as PostgreSQL has it: use `begin()` around one that may.
    """

    __slots__ = ("_depth", "_line")

    def __init__(self, line: Line) -> None:
        self._line = line
        self._depth = 0

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement."""
        text, names = numbered(sql)
        given = values or named
        return count_of((await self._line.run(text, [given[name] for name in names]))[1])

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement for each row."""
        text, names = numbered(sql)
        values = [[row[name] for name in names] for row in rows]
        if adds_one_row(text):
            await self._line.many(text, values)
            return len(values)
        return sum([count_of((await self._line.run(text, row))[1]) for row in values])

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        text, names = numbered(sql)
        given = values or named
        rows, _ = await self._line.run(text, [given[name] for name in names])
        return [tuple(row) for row in rows]

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        rows = await self.fetch_all(sql, values, **named)
        return rows[0] if rows else None

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
        await self._line.say(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            await self._line.say(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            self._depth -= 1
        await self._line.say(f"RELEASE SAVEPOINT {name}")


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
    if status == ONE_ADDED:
        return 1
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else 0
