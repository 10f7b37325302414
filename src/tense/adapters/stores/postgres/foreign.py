"""Connections of another library as the engine's statements use them: those of asyncpg as they are, those of psycopg fitted."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.trouble import DRIVER, translated
from tense.errors import NotSupportedError, RefusedWriteError, StoreError

NUMBER = re.compile(r"\$(\d+)")

MISSING = ("42P01", "3F000")
"""What PostgreSQL answers where a table or a schema is not there."""


def fitted(driver: object) -> Connection:
    """A driver's connection as the engine's statements use it.

    Raises:
        NotSupportedError: neither asyncpg's nor psycopg's, or psycopg's without await.
    """
    root = type(driver).__module__.partition(".")[0]
    if root == "asyncpg":
        return cast("Connection", driver)
    if root == "psycopg" and "Async" in type(driver).__name__:
        return cast("Connection", Fitted(driver))
    if callable(getattr(driver, "fetchval", None)):
        return cast("Connection", driver)  # fitted already, by who runs it in a thread
    text = (
        f"a store on PostgreSQL is joined through asyncpg or psycopg (postgresql+asyncpg, postgresql+psycopg), not through "
        f"a {type(driver).__module__}.{type(driver).__qualname__}."
    )
    raise NotSupportedError(text)


def in_percent(sql: str, values: Sequence[Any]) -> tuple[str, Mapping[str, Any]]:
    """A statement and its values as psycopg reads them."""
    doubled = sql.replace("%", "%%")
    # A tuple is a record to psycopg, and an array to asyncpg.
    given = [list(value) if isinstance(value, tuple) else value for value in values]
    return NUMBER.sub(r"%(p\1)s", doubled), {f"p{number}": value for number, value in enumerate(given, 1)}


class Fitted:
    """A `psycopg.AsyncConnection`, with the methods of asyncpg's that our statements are sent through."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def is_in_transaction(self) -> bool:
        """Whether what is written here can be undone: psycopg begins at the first statement, unless told otherwise."""
        connection = self._connection
        return not connection.autocommit or connection.info.transaction_status.name != "IDLE"

    async def execute(self, sql: str, *values: Any) -> str:
        """Run a statement; gives the server's answer."""
        return (await self._run(sql, values)).statusmessage or ""

    async def fetch(self, sql: str, *values: Any) -> list[Any]:
        """Every row."""
        return list(await (await self._run(sql, values)).fetchall())

    async def fetchrow(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        return await (await self._run(sql, values)).fetchone()

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(sql, *values)
        return None if row is None else row[0]

    async def _run(self, sql: str, values: Sequence[Any]) -> Any:
        text, named = in_percent(sql, values)
        # A cursor of its own making: the connection's row factory is the user's.
        from_psycopg = self._connection.cursor(row_factory=_plain)
        return await from_psycopg.execute(text, named or None)


def _plain(_cursor: Any) -> Any:
    return tuple


def translated_foreign(error: Exception, shown: str) -> StoreError:
    """An error of either driver as one of ours."""
    if any(cls.__name__ == "DataError" for cls in type(error).__mro__):
        # Both drivers name it so: content that the database cannot keep, today and tomorrow.
        return RefusedWriteError(f"{shown}: {error}")
    if isinstance(error, (StoreError, *DRIVER)):
        return translated(error, shown)
    return StoreError(f"{shown}: {error}")
