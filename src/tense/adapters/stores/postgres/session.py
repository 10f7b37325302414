"""Session: a connection that can say some words ahead of the next statement, without waiting for their answer."""

import os
import socket
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import asyncpg

from tense.adapters.stores.postgres.address import Address
from tense.adapters.stores.postgres.wire import Value, prepared, unprepared

KEPT = 256
"""How many prepared statements of handlers a connection keeps."""

LONGEST = 10_000
"""Characters of a statement that is worth keeping."""

IDLE_LIMIT = "idle_in_transaction_session_timeout"
"""How long a process that falls silent within a transaction keeps its locks, and everybody's events."""

READ = 65_536
"""Bytes that asyncio makes room for before it reads: 256 KiB, its own choice, are mapped, cleared and unmapped each time."""

PER_TRANSACTION = (IDLE_LIMIT, "application_name")
"""Settings that a transaction has of its own where the session is shared with others."""

NUMBERS = count()
"""For names of prepared statements."""

UNSENT = (asyncpg.InterfaceError, TypeError, ValueError, OverflowError)
"""What the driver raises for a value that cannot be sent."""


class Session(asyncpg.Connection):  # type: ignore[misc]  # the driver ships no types
    """One connection of the driver's.

    A savepoint for each handler would cost a round trip for each message. `ahead` keeps such words until the next
    statement, and sends both at once: the protocol lets messages follow each other, and answers them in turn. Behind a
    pooler without prepared statements they are sent by themselves. There no settings last longer than a transaction
    either: `begins` is what each one says along with BEGIN.
    """

    __slots__ = ("_commit", "_kept", "_unsaid", "_wire", "begins", "failed", "pipelines", "used")

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._kept: OrderedDict[str, Any] = OrderedDict()
        self._commit: Any = None
        self._unsaid: list[str] = []
        self._wire: socket.socket | None = None
        self.pipelines = True
        self.begins = ""
        self.used = 0.0
        self.failed = False
        """Whether a statement failed in the open transaction: until it is undone the server refuses all others."""

    def ahead(self, words: str) -> None:
        """Say this before the next statement. It must be something that cannot fail, and has no parameters."""
        self._unsaid.append(words)

    def will_say(self, words: str) -> bool:
        """Whether this is still to be said before the next statement."""
        return words in self._unsaid

    def unsay(self, words: str) -> bool:
        """Forget what is said ahead, back to these words; False if they were said already."""
        if words not in self._unsaid:
            return False
        del self._unsaid[self._unsaid.index(words) :]
        return True

    async def run(self, text: str, values: Sequence[Any] = ()) -> tuple[list[Any], str]:
        """Run a statement, with what was to be said before it; its rows and the server's word for what it did."""
        if not self.pipelines or len(text) > LONGEST or (not values and ";" in text):
            return await self._plainly(text, values)
        statement = await self._prepared(text)
        said = self._write_ahead()
        try:
            rows = await statement.fetch(*values)
        except UNSENT:
            # The statement never left, what was said ahead of it did.
            if said and not self.is_closed():
                await super().execute("SELECT 1")
            raise
        except BaseException as error:
            self._fell(error)
            raise
        self.failed = False
        return rows, statement.get_statusmsg()

    async def together(self, text: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of values in one round trip, with what was to be said before it.

        If it fails, some of it may be done: whatever is to be saved must be behind a savepoint.
        """
        if not self.pipelines:
            await self.many(text, rows)
            return
        statement = await self._prepared(text)
        said = self._write_ahead()
        try:
            await statement.executemany(rows)
        except BaseException as error:
            if said and isinstance(error, UNSENT) and not self.is_closed():
                with suppress(asyncpg.PostgresError):
                    await super().execute("SELECT 1")
            self._fell(error)
            raise
        self.failed = False

    async def commit(self, marks: Sequence[tuple[str, Sequence[Value]]]) -> None:
        """Run statements and commit, in one round trip, with what was to be said before them.

        The statements may return no rows. The server stops at what fails: then nothing is committed.

        Raises:
            asyncpg.InFailedSQLTransactionError: the transaction had failed before; it is rolled back.
        """
        statements = [await self._prepared(text) for text, _ in marks]
        if self._commit is None:
            # One that was interrupted may have left its name to the server.
            self._commit = await self.prepare("COMMIT", name=f"tense_commit_{next(NUMBERS)}")
        self._write_ahead(
            b"".join(
                prepared(statement.get_name(), values) for statement, (_, values) in zip(statements, marks, strict=True)
            )
        )
        try:
            await self._commit.fetch()
        except BaseException as error:
            self._fell(error)
            raise
        self.failed = False
        if self._commit.get_statusmsg() != "COMMIT":
            raise asyncpg.InFailedSQLTransactionError("the transaction had failed, so it was rolled back")

    @property
    def within_transaction(self) -> bool:
        """Whether a transaction is open; the driver cannot be asked once the connection is closed."""
        return not self.is_closed() and bool(self.is_in_transaction())

    async def many(self, text: str, values: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""
        await self.flush()
        try:
            await self.executemany(text, values)
        except BaseException as error:
            self._fell(error)
            raise

    async def execute(self, query: str, *values: Any, timeout: float | None = None) -> str:
        """As the driver's; a transaction that begins, whoever begins it, has its settings in the same packet."""
        if self.begins and query.startswith("BEGIN"):
            begin, _, rest = query.partition(";")
            query = f"{begin}; {self.begins}; {rest}"
        word: str = await super().execute(query, *values, timeout=timeout)
        return word

    async def fetch(self, query: str, *values: Any, timeout: float | None = None) -> list[Any]:
        """As the driver's, with what was to be said before it."""
        if self._unsaid:
            return (await self.run(query, values))[0]
        rows: list[Any] = await super().fetch(query, *values, timeout=timeout)
        return rows

    async def say(self, words: str) -> None:
        """Say some words and wait for the answer; what was to be said ahead goes before."""
        unsaid, self._unsaid = self._unsaid, []
        try:
            await self.execute("; ".join([*unsaid, words]))
        except BaseException as error:
            self._fell(error)
            raise
        self.failed = False

    async def flush(self) -> None:
        """Say what is still to be said."""
        if self._unsaid:
            await self.say(self._unsaid.pop())

    async def _plainly(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        await self.flush()
        try:
            if not values and ";" in text:
                found: tuple[list[Any], str] = [], await self.execute(text)
            else:
                statement = await self.prepare(text)
                found = await statement.fetch(*values), statement.get_statusmsg()
        except BaseException as error:
            self._fell(error)
            raise
        self.failed = False
        return found

    async def _prepared(self, text: str) -> Any:
        if (known := self._kept.get(text)) is not None:
            self._kept.move_to_end(text)
            return known
        # A statement that is wrong fails here, so whatever protects the others must have been said.
        await self.flush()
        try:
            statement = self._kept[text] = await self.prepare(text)
        except BaseException as error:
            self._fell(error)
            raise
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return statement

    def _fell(self, error: BaseException) -> None:
        self.failed = self.within_transaction
        if isinstance(error, (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)):
            self._kept.clear()
        elif isinstance(error, asyncpg.InvalidSQLStatementNameError):
            # Somebody said DEALLOCATE.
            self._kept.clear()
            self._commit = None

    def _write_ahead(self, more: bytes = b"") -> bool:
        if not self._unsaid and not more:
            return False
        data = b"".join(map(unprepared, self._unsaid)) + more
        self._unsaid.clear()
        transport = self._transport
        if self._wire is not None and transport.get_write_buffer_size() == 0:
            # Both in one packet: a packet wakes the server up, and that costs more than what it then does.
            with suppress(OSError):
                data = data[self._wire.send(data, socket.MSG_MORE) :]
        if data:
            transport.write(data)
        return True

    def read_less(self) -> None:
        """Read no more than `READ` at once, where the loop is asyncio's own."""
        with suppress(AttributeError):
            self._transport.max_size = READ

    def open_wire(self) -> None:
        """Have the same socket by another number, to say that more will follow; where nothing lies in between."""
        found = self._transport.get_extra_info("socket")
        bare = self._transport.get_extra_info("sslcontext") is None
        if (
            self.pipelines
            and bare
            and hasattr(socket, "MSG_MORE")
            and found is not None
            and found.family != socket.AF_UNIX
        ):
            self._wire = socket.socket(found.family, found.type, found.proto, os.dup(found.fileno()))
            self._wire.settimeout(0.0)

    def _cleanup(self) -> None:
        if self._wire is not None:
            self._wire.close()
        super()._cleanup()


async def connect(address: Address, settings: Mapping[str, str], *, within: float, patience: float | None) -> Session:
    """A new connection. Behind a pooler its transactions have what they can have of the settings."""
    pooled = not address.notify
    session: Session = await asyncpg.connect(
        address.dsn,
        connection_class=Session,
        statement_cache_size=0 if pooled else 256,
        timeout=within,
        command_timeout=patience,
        server_settings={} if pooled else dict(settings),
    )
    session.pipelines = not pooled
    if pooled:
        session.begins = "; ".join(
            f"SET LOCAL {name} = '{settings[name]}'" for name in PER_TRANSACTION if name in settings
        )
    session.read_less()
    try:
        session.open_wire()
    except OSError:
        # Cut off already.
        session.terminate()
        raise
    return session
