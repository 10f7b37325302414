"""Joining a user's open transaction on a sqlite3 connection, in whatever process it is."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tense.adapters.stores.sqlite.intake import insert
from tense.adapters.stores.sqlite.wake import nudge
from tense.errors import StoreUnusableError, WorkflowError
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
        if not connection.in_transaction and connection.isolation_level is None:
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

    def wake(self) -> None:
        """A datagram to everybody who has the file open."""
        with suppress(sqlite3.Error):
            found = self._connection.execute("PRAGMA database_list").fetchone()
            if found is not None and found[2]:
                nudge(Path(found[2]))
