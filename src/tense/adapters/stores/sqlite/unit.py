"""The unit of work on SQLite: a turn within the group transaction, and what is written when it ends."""

import asyncio
import sqlite3
from collections.abc import Sequence

from typing_extensions import TypeVar

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.face import SqliteTransaction
from tense.adapters.stores.sqlite.file import translated
from tense.adapters.stores.sqlite.intake import Intake
from tense.adapters.stores.sqlite.settling import settle
from tense.errors import LeaseLostError, NotSupportedError, RefusedWriteError, StoreError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.transaction import Transaction

T = TypeVar("T")


class SqliteUnit:
    """One delivery's unit of work. It takes its turn at the first use of the transaction."""

    __slots__ = ("_core", "_delivery", "_intake", "_lease", "_over", "_task", "begun", "revoked")

    def __init__(self, core: Core, intake: Intake, delivery: Delivery, lease: Lease) -> None:
        self._core = core
        self._intake = intake
        self._delivery = delivery
        self._lease = lease
        self._over = False
        self._task: asyncio.Task[object] | None = None
        self.begun = False
        self.revoked: str | None = None

    def __repr__(self) -> str:
        return f"{self._delivery.metadata.type} {self._delivery.metadata.id}"

    def transaction(self) -> Transaction:
        """The database within this unit."""
        return SqliteTransaction(self._take)

    def driver(self, kind: type[T]) -> "T | asyncio.Future[T]":
        """The connection itself."""
        if kind is not sqlite3.Connection:
            text = f"a SQLite store has a sqlite3.Connection and no {kind.__module__}.{kind.__name__}"
            raise NotSupportedError(text)
        return self._take()  # type: ignore[return-value]  # kind is the connection's class, just checked

    def revoke(self, why: str) -> None:
        """The turn is taken away: the handler's task is cancelled, and what it wrote will be undone."""
        self.revoked = why
        if self._task is not None:
            self._task.cancel()

    async def undo(self) -> None:
        """Undo what was written, and let go of the turn."""
        self._core.writer.undo(self)
        self.begun = False

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "asyncio.Future[None] | None":
        """Write mark, outcome and messages; within the turn at once, else in the next group.

        Raises:
            RefusedWriteError: the turn was taken away, and the handler went on as if it had not been.
        """
        self._over = True
        writer = self._core.writer
        elsewhere = self._delivery.origin == "elsewhere"
        if not self.begun:
            run = writer.submit if elsewhere else writer.write
            waiting = run(lambda connection: self._write(connection, settlement, outgoing))
            if waiting is not None:
                waiting.add_done_callback(self._read_again)
            return waiting
        if self.revoked is not None:
            raise RefusedWriteError(self.revoked)
        try:
            self._write_all(writer.take(self), settlement, outgoing)  # type: ignore[arg-type]  # begun: it has its turn
            writer.keep(self)
        except BaseException as error:
            self._core.forget_end(self._delivery.metadata.id, self._delivery.position)
            writer.undo(self)
            self.begun = False
            self._over = False
            if isinstance(error, sqlite3.Error):
                self._core.lose(self._lease)
                raise translated(error, self._core.path) from error
            raise
        return self._durable() if elsewhere else None

    def _durable(self) -> "asyncio.Future[None]":
        """Ends when what was kept is durable; or, if its group was undone, as a lease that is lost."""
        writer = self._core.writer
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(done: "asyncio.Future[object]") -> None:
            if future.done():
                return
            error = None if done.cancelled() else done.exception()
            if error is None and not self._lease.lost:
                future.set_result(None)
            else:
                text = f"{self} could not be made durable and was undone"
                future.set_exception(error or StoreError(text))

        # A group ends before the next begins: whichever this one falls into, ours is over then.
        writer.submit(_nothing).add_done_callback(told)
        return future

    def _read_again(self, done: "asyncio.Future[None]") -> None:
        """A settlement that was not written leaves a message that nobody has in hands: read its lane again."""
        if not done.cancelled() and isinstance(done.exception(), StoreError):
            self._core.lose(self._lease)

    def _write(self, connection: sqlite3.Connection, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """Outside of a turn: in a savepoint of its own where more than one thing can go wrong."""
        if not outgoing:
            self._write_all(connection, settlement, outgoing)
            return
        connection.execute("SAVEPOINT tense_finish")
        try:
            self._write_all(connection, settlement, outgoing)
        except BaseException:
            connection.execute("ROLLBACK TO tense_finish")
            raise
        finally:
            connection.execute("RELEASE tense_finish")

    def _write_all(self, connection: sqlite3.Connection, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        core = self._core
        if self._lease.lost:
            text = f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now"
            raise LeaseLostError(text)
        for envelope in outgoing:
            self._intake.put(connection, envelope)
        settle(connection, core, self._delivery, self._lease, settlement, put_off=True)
        core.touched[self._lease] = None

    def _take(self) -> "sqlite3.Connection | asyncio.Future[sqlite3.Connection]":
        if self._over:
            text = "the Transaction was used after the handler ended; its unit of work is over"
            raise WorkflowError(text)
        if not self.begun:
            if self._lease.lost:
                text = f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now"
                raise LeaseLostError(text)
            self.begun = True
            self._task = asyncio.current_task()
        return self._core.writer.take(self)


def _nothing(connection: sqlite3.Connection) -> None:
    """An operation that only waits for its group."""
    del connection
