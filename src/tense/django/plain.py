"""Plain SQL in a transaction of the ORM: what an `async def` handler gets as its `Transaction`."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

from tense.adapters.stores.postgres.translate import numbered
from tense.django.drivers import run
from tense.ports.transaction import Row, refuse_ending

T = TypeVar("T")


class Begins(Protocol):
    """A transaction in its thread."""

    async def begin(self) -> Any:
        """Open it, if it is not open; gives the driver's connection."""
        ...

    async def there(self, work: Callable[[], T]) -> T:
        """Run a function in its thread."""
        ...


class DjangoTransaction:
    """Statements with `:name` parameters; the first of them opens the transaction."""

    __slots__ = ("_depth", "_session")

    def __init__(self, session: Begins) -> None:
        self._session = session
        self._depth = 0

    async def execute(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> int:
        """Run one statement."""
        return int(await self._run(sql, values or named, lambda cursor: max(0, cursor.rowcount)))

    async def execute_many(self, sql: str, rows: Iterable[Mapping[str, Any]], /) -> int:
        """Run one statement for each row."""
        return sum([await self.execute(sql, row) for row in rows])

    async def fetch_all(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Sequence[Row]:
        """Every row."""
        return list(await self._run(sql, values or named, lambda cursor: cursor.fetchall()))

    async def fetch_one(self, sql: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Row | None:
        """The first row."""
        row: Row | None = await self._run(sql, values or named, lambda cursor: cursor.fetchone())
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
        self._depth += 1
        name = f"tense_part_{self._depth}"
        await self.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            await self.execute(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            await self.execute(f"RELEASE SAVEPOINT {name}")
            self._depth -= 1

    async def _run(self, sql: str, values: Mapping[str, Any], take: Callable[[Any], Any]) -> Any:
        refuse_ending(sql)
        connection = await self._session.begin()

        def work() -> Any:
            if isinstance(connection, sqlite3.Connection):
                return take(connection.execute(sql, values))
            text, names = numbered(sql)
            return take(run(connection, text, [values[name] for name in names]))

        return await self._session.there(work)
