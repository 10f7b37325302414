"""Joining a user's open transaction on a sqlite3 connection, in whatever process it is."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tense.adapters.stores.sqlite.intake import insert
from tense.adapters.stores.sqlite.thread import run_there
from tense.adapters.stores.sqlite.wake import nudge
from tense.errors import NotSupportedError, StoreUnusableError, WorkflowError
from tense.messages.envelope import Envelope
from tense.ports.joining import always


class SqliteJoint:
    """Writes through a `sqlite3.Connection` that the user opened on the store's file."""

    def __init__(self, connection: sqlite3.Connection, address: str = "") -> None:
        del address  # a file has one set of tables
        self._connection = connection

    def write(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """Write messages within the open transaction."""
        connection = self._connection
        by_itself = connection.isolation_level is None or getattr(connection, "autocommit", None) is True
        if not connection.in_transaction and by_itself:
            text = (
                "app.outbox(connection) joins an open transaction, and this connection has none: execute 'BEGIN IMMEDIATE' "
                "first, write your rows, and commit after the outbox."
            )
            raise WorkflowError(text)
        try:
            for envelope, lane in envelopes:
                insert(connection, envelope, lane, now)
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            text = (
                "this database has no tables of Tense, so nothing would carry the message on. Open the connection on the "
                "store's file, and create the tables with: tense db migrate"
            )
            raise StoreUnusableError(text) from error

    async def write_async(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """The same: nothing here is awaited."""
        self.write(envelopes, now)

    def said(self) -> Callable[[], bool]:
        """A `sqlite3.Connection` does not tell of its savepoints."""
        return always

    def leave(self) -> None:
        """Nothing was watched."""

    def wake(self) -> None:
        """A datagram to everybody who has the file open."""
        with suppress(sqlite3.Error):
            wake_readers_of(file_of(self._connection))


class AiosqliteJoint:
    """Writes through an `aiosqlite.Connection` that the user opened on the store's file, in its own thread."""

    def __init__(self, connection: Any, address: str = "") -> None:
        del address  # as above
        self._connection = connection
        self._file = ""

    def write(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """Refuse: aiosqlite is awaited."""
        del envelopes, now
        raise NotSupportedError("an aiosqlite connection is awaited: use `async with app.outbox(connection)`.")

    async def write_async(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """Write messages within the open transaction."""

        def there(connection: sqlite3.Connection) -> str:
            SqliteJoint(connection).write(envelopes, now)
            return file_of(connection)

        self._file = await run_there(self._connection, there)

    def said(self) -> Callable[[], bool]:
        """An aiosqlite connection does not tell of its savepoints."""
        return always

    def leave(self) -> None:
        """Nothing was watched."""

    def wake(self) -> None:
        """A datagram to everybody who has the file open."""
        wake_readers_of(self._file)


def file_of(connection: sqlite3.Connection) -> str:
    """The file that a connection has open; empty for a database in memory."""
    found = connection.execute("PRAGMA database_list").fetchone()
    return found[2] if found is not None else ""


def wake_readers_of(file: str) -> None:
    """Tell everybody who has a file open to look at it."""
    if file:
        nudge(Path(file))
