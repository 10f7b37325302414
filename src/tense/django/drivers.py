"""The drivers behind Django as a store writes through them: their connections are blocking, and live in a thread."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from tense.adapters.stores.postgres.foreign import in_percent
from tense.errors import NotSupportedError

T = TypeVar("T")


class There(Protocol):
    """Runs a function in the thread of a connection."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """What the function gives."""
        ...


def driver_in_thread(connection: Any, there: There) -> object:
    """What a store writes through.

    Raises:
        NotSupportedError: Tense has no store behind this driver.
    """
    if isinstance(connection, sqlite3.Connection):
        return SqliteInThread(connection, there)
    if type(connection).__module__.partition(".")[0] == "psycopg":
        return PsycopgInThread(connection, there)
    text = (
        f"DjangoUnit cannot use {type(connection).__module__}.{type(connection).__qualname__}: it needs SQLite, or PostgreSQL "
        "with psycopg 3 (pip install 'psycopg[binary]')."
    )
    raise NotSupportedError(text)


class SqliteInThread:
    """A `sqlite3.Connection` in its thread, as aiosqlite would have it."""

    def __init__(self, connection: sqlite3.Connection, there: There) -> None:
        self._conn = connection
        self._there = there

    async def _execute(self, work: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        return await self._there(lambda: work(connection))


class PsycopgInThread:
    """A `psycopg.Connection` in its thread, with the methods of asyncpg's that the store's statements are sent through."""

    def __init__(self, connection: Any, there: There) -> None:
        self._connection = connection
        self._there = there

    def is_in_transaction(self) -> bool:
        """Whether what is written here can be undone."""
        return not self._connection.autocommit

    async def execute(self, sql: str, *values: Any) -> str:
        """Run a statement; gives the server's answer."""
        return await self._there(lambda: run(self._connection, sql, values).statusmessage or "")

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Every row."""
        return await self._there(lambda: list(run(self._connection, sql, values).fetchall()))

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        return await self._there(lambda: run(self._connection, sql, values).fetchone())

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(sql, *values)
        return None if row is None else row[0]


def run(connection: Any, sql: str, values: Sequence[Any]) -> Any:
    """Run a statement with numbered parameters; gives the cursor."""
    from psycopg import Cursor  # noqa: PLC0415 - only who is on PostgreSQL has it
    from psycopg.rows import tuple_row  # noqa: PLC0415 - as above

    text, named = in_percent(sql, values)
    # Of psycopg's own making: Django's cursors write parameters into the text.
    return Cursor(connection, row_factory=tuple_row).execute(text.encode(), named or None)
