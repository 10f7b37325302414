"""Foreign transactions on the same file: they take the turn as another process would, and write our rows themselves."""

import asyncio
import sqlite3
from collections.abc import Sequence

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.file import translated
from tense.adapters.stores.sqlite.intake import Intake
from tense.adapters.stores.sqlite.neighbours import Bell, Turns
from tense.adapters.stores.sqlite.settling import settle
from tense.adapters.stores.sqlite.thread import run_there
from tense.adapters.stores.sqlite.turnwatch import TurnWatch
from tense.errors import LeaseLostError, StoreError, StoreUnusableError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.spawn import Aside

FULL = 2
"""What PRAGMA synchronous answers where a commit survives a power cut; EXTRA is 3."""

AUTOCOMMIT = (
    "this connection commits each statement by itself (autocommit=True), so that nothing could be undone together. Let "
    "the driver have its default."
)


class GuestTurns:
    """The turn among this process's foreign transactions, and among all processes: one at a time, in order of asking."""

    def __init__(self, neighbours: tuple[Turns, Bell], aside: Aside, watch: TurnWatch) -> None:
        self._turns, self._bell = neighbours
        self._aside = aside
        self._watch = watch
        self._here = asyncio.Lock()

    async def take(self, guest: "SqliteGuest") -> None:
        """Wait for the turn."""
        await self._here.acquire()
        try:
            taken = self._turns.try_take()
        except BaseException:
            self._here.release()
            raise
        if not taken:
            await self._wait()
        self._watch.begin(guest)

    def give(self) -> None:
        """Let the next have it."""
        self._watch.end()
        self._turns.give()
        self._here.release()

    def tell_others(self) -> None:
        """Something was committed that may concern other processes."""
        self._bell.poke()

    def close(self) -> None:
        """Let go of everything."""
        self._watch.stop()
        self._aside.close()
        self._turns.close()

    async def _wait(self) -> None:
        """Beside the loop: the store's own writer, or another process, has the turn."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def taken(error: BaseException | None) -> None:
            if error is None and not future.cancelled():
                future.set_result(None)
                return
            # Nobody waits for it any more, or it cannot be had: the next one may try.
            if error is None:
                self._turns.give()
            self._here.release()
            if error is not None and not future.done():
                future.set_exception(error)

        self._aside.run(self._turns.take, taken)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled() and future.done() and future.exception() is None:
                # It came in the same moment, and nobody would give it back.
                self._turns.give()
                self._here.release()
            raise


class SqliteGuest:
    """One foreign transaction. It has its turn from its beginning until the connection is given back."""

    __slots__ = ("_core", "_delivery", "_has_turn", "_lease", "_notes", "_over", "_task", "_turns", "revoked")

    def __init__(self, core: Core, turns: GuestTurns, delivery: Delivery, lease: Lease) -> None:
        self._core = core
        self._turns = turns
        self._delivery = delivery
        self._lease = lease
        self._notes: Core | None = None
        self._has_turn = False
        self._over = False
        self._task: asyncio.Task[object] | None = None
        self.revoked: str | None = None

    def __repr__(self) -> str:
        return f"{self._delivery.metadata.type} {self._delivery.metadata.id}"

    def revoke(self, why: str) -> None:
        """The turn was kept for too long: the handler's task is cancelled."""
        if self.revoked is None:
            self.revoked = why
            if self._task is not None:
                self._task.cancel()

    async def enter(self, driver: object) -> str | None:
        """Take the turn, make the connection's commits durable, and begin so that no other writer is in the way."""
        if self._over:
            text = f"the session of {self!r} was used after its handler ended; its unit of work is over"
            raise WorkflowError(text)
        if not self._has_turn:
            self._refuse_lost()
            self._task = asyncio.current_task()
            await self._turns.take(self)
            self._has_turn = True
        await run_there(driver, begin)
        return None

    async def write(self, driver: object, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """Write our rows in the connection's own thread."""
        self._refuse_lost()
        notes = self._notes = self._core.beside()
        try:
            await run_there(driver, lambda connection: self._write(connection, notes, settlement, outgoing))
        except sqlite3.Error as error:
            raise translated(error, self._core.path) from error

    def committed(self) -> None:
        """Tell what came of it."""
        if self._notes is not None:
            self._notes.publish_news()
            self._turns.tell_others()

    def lost(self) -> None:
        """Have the lane read again."""
        self._core.lose(self._lease)

    def leave(self) -> None:
        """Give the turn back."""
        self._over = True
        if self._has_turn:
            self._has_turn = False
            self._turns.give()

    def _write(
        self, connection: sqlite3.Connection, notes: Core, settlement: Settlement, outgoing: Sequence[Envelope]
    ) -> None:
        if not connection.in_transaction:
            text = f"{self._core.path}: SQLite ended the transaction by itself, as it does when the disk is full"
            raise StoreError(text)
        lease = self._lease
        if lease.token:
            query = "SELECT 1 FROM tense_lane WHERE consumer = ? AND lane = ? AND token = ?"
            if connection.execute(query, (lease.consumer, lease.lane, lease.token)).fetchone() is None:
                self._refuse()
        intake = Intake(notes)
        for envelope in outgoing:
            intake.put(connection, envelope)
        settle(connection, notes, self._delivery, lease, settlement)
        notes.flush(connection)

    def _refuse_lost(self) -> None:
        if self._lease.lost:
            self._refuse()

    def _refuse(self) -> None:
        text = f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now"
        raise LeaseLostError(text)


def begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that has the writer's lock from its start, and whose commit survives a power cut.

    Raises:
        WorkflowError: the connection is in autocommit mode.
    """
    if getattr(connection, "autocommit", None) is True:
        raise WorkflowError(AUTOCOMMIT)
    if connection.in_transaction:
        # Begun by the driver or by a listener of the engine, without the lock; nothing was done in it yet.
        connection.execute("ROLLBACK")
    if connection.execute("PRAGMA synchronous").fetchone()[0] < FULL:
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute("BEGIN IMMEDIATE")


async def recognise(core: Core, driver: object) -> None:
    """Make sure that a connection has the store's file open.

    Raises:
        StoreUnusableError: it has another one.
    """

    def look(connection: sqlite3.Connection) -> str:
        begin(connection)
        file: str = connection.execute("PRAGMA database_list").fetchone()[2]
        connection.execute("ROLLBACK")
        return file

    found = await run_there(driver, look)
    if not found or not core.path.samefile(found):
        text = (
            f"the sessions of unit_of_work write to {found or 'a database in memory'}, and the store is {core.path}: what "
            "commits together must stand in one file. Give both the same one."
        )
        raise StoreUnusableError(text)
