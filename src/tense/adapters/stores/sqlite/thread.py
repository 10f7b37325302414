"""The connection that aiosqlite keeps in a thread of its own: how a function is run on it there.

aiosqlite awaits one statement at a time; ours are several, and each would be two turns between threads.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from typing_extensions import TypeVar

from tense.errors import NotSupportedError

T = TypeVar("T")


async def run_there(driver: Any, work: Callable[[sqlite3.Connection], T]) -> T:
    """Run a function with the `sqlite3.Connection` of an `aiosqlite.Connection`, in its thread, in its turn.

    Raises:
        NotSupportedError: it is no such connection.
    """
    connection, run = getattr(driver, "_conn", None), getattr(driver, "_execute", None)
    if run is None or not isinstance(connection, sqlite3.Connection):
        text = (
            f"a store on SQLite is joined through aiosqlite (sqlite+aiosqlite:///FILE), not through a "
            f"{type(driver).__module__}.{type(driver).__qualname__}."
        )
        raise NotSupportedError(text)
    result: T = await run(work, connection)
    return result
