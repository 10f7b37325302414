"""The unit of work on PostgreSQL: a connection of the pool from the first use of the transaction to the end."""

import asyncio
from collections.abc import Sequence

import asyncpg
from typing_extensions import TypeVar

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.ending import Endings
from tense.adapters.stores.postgres.face import PostgresTransaction
from tense.adapters.stores.postgres.pool import PATIENCE, Connection
from tense.adapters.stores.postgres.settling import Ending, Settling
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import DRIVER, GONE, translated
from tense.errors import DuplicateIdError, LeaseLostError, NotSupportedError, StoreError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.transaction import Transaction

T = TypeVar("T")


class PostgresUnit:
    """One delivery's unit of work. Until the transaction is used it holds nothing, and ends together with others."""

    __slots__ = ("_connection", "_core", "_delivery", "_endings", "_lease", "_opening", "_over", "_settling", "begun")

    def __init__(self, core: Core, parts: tuple[Settling, Endings], delivery: Delivery, lease: Lease) -> None:
        self._core = core
        self._settling, self._endings = parts
        self._delivery = delivery
        self._lease = lease
        self._over = False
        self._connection: Connection | None = None
        self._opening: asyncio.Lock | None = None
        self.begun = False

    @property
    def revoked(self) -> None:
        """Never: a long transaction here keeps nobody else's commit waiting."""
        return

    def transaction(self) -> Transaction:
        """The database within this unit."""
        return PostgresTransaction(self._take)

    def driver(self, kind: type[T]) -> "asyncio.Future[T]":
        """The driver's connection, within this unit's transaction."""
        if kind is not asyncpg.Connection:
            text = f"a PostgreSQL store has an asyncpg.Connection and no {kind.__module__}.{kind.__name__}"
            raise NotSupportedError(text)
        return self._core.soon(self._take(), "tense driver")

    async def undo(self) -> None:
        """Undo what was written, and give the connection back."""
        connection, self._connection = self._connection, None
        self.begun = False
        if connection is not None:
            await asyncio.shield(self._core.soon(self._roll_back(connection), "tense undo"))

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "asyncio.Future[None]":
        """Write mark, outcome and messages: in this unit's transaction if it has one, else together with others."""
        self._over = True
        ending = Ending(delivery=self._delivery, lease=self._lease, settlement=settlement, outgoing=outgoing)
        if self._connection is None:
            return self._endings.end(ending)
        return self._core.soon(self._finish(self._connection, ending), "tense finish")

    async def _take(self) -> Connection:
        if self._over:
            text = "the Transaction was used after the handler ended; its unit of work is over"
            raise WorkflowError(text)
        if self._connection is not None:
            return self._connection
        self._opening = self._opening or asyncio.Lock()
        async with self._opening:
            if self._connection is None:
                if self._lease.lost:
                    text = f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now"
                    raise LeaseLostError(text)
                self._connection = await self._begin()
        return self._connection

    async def _begin(self) -> Connection:
        self.begun = True
        for spare in range(self._core.address.pool, -1, -1):
            connection = await self._core.units.take()
            try:
                await connection.execute("BEGIN", timeout=self._core.around.lease)
            except BaseException as error:
                connection.terminate()
                self._core.units.give(connection)
                # The pool may hold connections that the server has forgotten; a new one tells whether it is there.
                if not isinstance(error, GONE) or isinstance(error, TimeoutError) or not spare:
                    raise
            else:
                return connection
        raise AssertionError

    async def _finish(self, connection: Connection, ending: Ending) -> None:
        tidings = Tidings()
        try:
            if (before := self._endings.before(ending.lane)) is not None:
                await asyncio.wait([before])
            async with asyncio.timeout(self._core.around.lease):
                await self._settling.write(connection, [ending], tidings)
                await connection.execute("COMMIT")
        except DuplicateIdError:
            await self.undo()
            raise
        except (StoreError, *DRIVER) as error:
            await self.undo()
            self._core.lose(self._lease)
            raise translated(error, self._core.address.shown) from error
        self._connection = None
        self._core.units.give(connection)
        self._core.publish(tidings)

    async def _roll_back(self, connection: Connection) -> None:
        try:
            if not connection.is_closed():
                async with asyncio.timeout(PATIENCE):
                    await connection.execute("ROLLBACK")
        except DRIVER:
            connection.terminate()
        finally:
            self._core.units.give(connection)
