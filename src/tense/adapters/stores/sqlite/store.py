"""SqliteStore: one file, several processes, everything in one transaction."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from tense.adapters.stores.sqlite import guest
from tense.adapters.stores.sqlite.backlog import Backlog
from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.face import SqliteSnapshot
from tense.adapters.stores.sqlite.file import check_place, connect, migrate, translated
from tense.adapters.stores.sqlite.intake import Intake
from tense.adapters.stores.sqlite.lanes import Lanes
from tense.adapters.stores.sqlite.ledger import Ledger, Letters
from tense.adapters.stores.sqlite.marks import forget_passed, marks
from tense.adapters.stores.sqlite.neighbours import Machine, Neighbours, Turns
from tense.adapters.stores.sqlite.news import News
from tense.adapters.stores.sqlite.retention import BATCH, Retention, prune
from tense.adapters.stores.sqlite.subscribed import Subscribed
from tense.adapters.stores.sqlite.survey import Survey
from tense.adapters.stores.sqlite.turnwatch import TurnWatch
from tense.adapters.stores.sqlite.unit import SqliteUnit
from tense.adapters.stores.sqlite.writer import Writer
from tense.errors import ClosedError, StoreError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Settlement
from tense.ports.clock import Timer
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Capabilities, Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.spawn import Aside
from tense.ports.store import Surroundings, Tell, Want
from tense.ports.transaction import Snapshot

PRUNE_EVERY = 60.0
"""Seconds between two looks for what is old enough to be forgotten."""

PRUNE_AGAIN = 0.2
"""Seconds until the next look where there is more."""


class SqliteStore:
    """A store in a SQLite file, beside the user's own tables. Commits with synchronous=FULL.

    `retention` says how long outcomes and logged events are kept; `neighbours` how processes on one file meet.
    """

    capabilities = Capabilities(durable=True, shared=True, sessions=True)

    def __init__(
        self, path: Path | str, *, retention: Retention | None = None, neighbours: Neighbours | None = None
    ) -> None:
        self.path = Path(path)
        self.retention = retention or Retention()
        self._neighbours: Neighbours = neighbours or Machine()
        self._core: Core | None = None
        self._lock: Turns
        self._aside: Aside
        self._guests: guest.GuestTurns | None = None
        self._timer: Timer | None = None

    # Life

    async def open(self, surroundings: Surroundings) -> None:
        """Connect, migrate, and begin to work."""
        check_place(self.path)
        self._lock = self._turn_lock()
        connection = reader = None
        try:
            connection = self._connect_in_turn()
            reader = connect(self.path, write=False)
        except BaseException:
            if connection is not None:
                connection.close()
            self._lock.close()
            raise
        self._aside = surroundings.spawn.aside(f"tense {self.path.name}")
        core = self._core = Core(self.path, connection, reader, surroundings)
        self._intake = Intake(core)
        self._backlog = Backlog(core)
        self._lanes = Lanes(core)
        self._ledger = Ledger(core, self._intake)
        self._letters = Letters(core)
        self._survey, self._subscribed = Survey(core), Subscribed(core)
        self._bell = self._neighbours.bell(self.path, surroundings.instance)
        self._news = News(core, self._lanes, self._ledger, self._bell, self._neighbours.poll)
        core.writer = Writer(connection, self.path, self._lock, (surroundings.clock, self._aside), self._news)
        self._news.start()
        self._timer = surroundings.clock.call_later(PRUNE_EVERY, self._prune)

    async def close(self) -> None:
        """Commit what is open and disconnect."""
        core = self._core
        if core is None or core.closed:
            return
        try:
            await core.writer.close()
        finally:
            core.closed = True
            if self._timer is not None:
                self._timer.cancel()
            self._news.stop()
            self._aside.close()
            if self._guests is not None:
                self._guests.close()
                self._guests = None
            for futures in core.watching.values():
                for future in futures:
                    future.cancel()
            core.reader.close()
            self._lock.take()
            core.connection.close()
            self._lock.close()
            self._core = None

    @property
    def core(self) -> Core:
        """The shared state while the store is open."""
        if self._core is None:
            text = f"{self.path} is not open"
            raise ClosedError(text)
        return self._core

    def _turn_lock(self) -> Turns:
        try:
            return self._neighbours.turns(self.path)
        except OSError as error:
            raise translated(sqlite3.OperationalError(f"unable to open: {error.strerror}"), self.path) from error

    def _connect_in_turn(self) -> sqlite3.Connection:
        self._lock.take()
        try:
            connection = connect(self.path, write=True)
            migrate(connection, self.path)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            self._lock.give()
        return connection

    # Acceptance and work

    def accept(self, envelope: Envelope) -> "asyncio.Future[bool]":
        """Take a message in."""
        return self.core.writer.submit(lambda connection: self._intake.put(connection, envelope))

    def claim(
        self, consumer: Consumer, wanted: Sequence[Want], limit: int
    ) -> "list[Delivery] | asyncio.Future[Sequence[Delivery]]":
        """The next deliveries of some lanes."""
        return self._backlog.claim(consumer, wanted, limit)

    def due(
        self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> "asyncio.Future[Sequence[Delivery]]":
        """Exceptions whose time has come."""
        return self._backlog.due(consumer, leases, now, limit)

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due."""
        return self._backlog.next_due(consumer)

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        return self._backlog.held(lease)

    def strike(self, delivery: Delivery, first: int) -> "asyncio.Future[int]":
        """Count a delivery of an event before it is started."""
        return self._backlog.strike(delivery, first)

    async def history(self, consumer: Consumer, after: int, limit: int) -> list[Delivery]:
        """Logged events that a subscription takes, in the order of the log."""
        return await self._backlog.history(consumer, after, limit)

    async def cursors(self, consumer: Consumer) -> dict[int, int]:
        """The position up to which each lane of a subscription was read."""
        return self._backlog.cursors(consumer)

    def unit(self, delivery: Delivery, lease: Lease) -> SqliteUnit:
        """A unit of work."""
        return SqliteUnit(self.core, self._intake, delivery, lease)

    def marks(self, deliveries: Sequence[Delivery]) -> dict[int, Settlement]:
        """How those of another store's deliveries ended that have a mark here."""
        return marks(self.core.read(), deliveries)

    async def forget(self, consumer: Consumer, limit: int) -> int:
        """Delete logged messages that this subscription has passed."""
        gone = self.core.writer.submit(lambda connection: forget_passed(connection, consumer, limit), light=True)
        return int(await gone)

    def guest(self, delivery: Delivery, lease: Lease) -> guest.SqliteGuest:
        """A foreign transaction on this file."""
        if self._guests is None:
            around = self.core.around
            aside = around.spawn.aside(f"tense {self.path.name} sessions")
            self._guests = guest.GuestTurns((self._turn_lock(), self._bell), aside, TurnWatch(around.clock))
        return guest.SqliteGuest(self.core, self._guests, delivery, lease)

    async def recognise(self, driver: object) -> None:
        """Make sure that a connection has this file open."""
        await guest.recognise(self.core, driver)

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        return SqliteSnapshot(self.core.read())

    async def settled(self) -> None:
        """Return when everything finished so far is durable."""
        await self.core.writer.settled()

    # Lanes

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Create what is missing of these consumers."""
        await self._lanes.provision(consumers)

    async def announce(self, instance: Instance) -> None:
        """Say that this instance lives."""
        await self._lanes.announce(instance)

    async def acquire(self, consumer: Consumer, share: int, now: float) -> list[Lease]:
        """Take free lanes."""
        return await self._lanes.acquire(consumer, share, now)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back."""
        await self._lanes.release(leases)

    async def retire(self) -> None:
        """This instance is going."""
        await self._lanes.retire()

    # Ledger, dead letters, survey

    def standing(self, message_id: str) -> Standing | None:
        """Where a command stands."""
        return self._ledger.standing(message_id)

    def watch(self, message_id: str) -> "asyncio.Future[Outcome]":
        """A future that ends with the outcome."""
        self.core.read()
        return self._ledger.watch(message_id)

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started."""
        return await self._ledger.cancel(message_id, outcome, tell)

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        """Dead letters in the order they died."""
        return await self._letters.dead(consumer, after, limit)

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back."""
        return await self._letters.redrive(numbers, now)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters."""
        return await self._letters.drop(numbers)

    async def instances(self) -> list[Instance]:
        """The instances that were seen last."""
        return await self._lanes.instances()

    async def lags(self) -> list[Lag]:
        """How far each consumer is behind."""
        return await self._survey.lags()

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service here."""
        return await self._survey.known(service)

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait in an inbox."""
        return await self._survey.waiting(service, most)

    async def describe(self) -> dict[str, str]:
        """Settings and figures of the file."""
        return await self._survey.describe()

    def _prune(self) -> None:
        core = self._core
        if core is None or core.closed:
            return
        now = core.around.clock.now()
        self._timer = core.around.clock.call_later(PRUNE_EVERY, self._prune)
        if core.leases or core.subscriptions:
            done = core.writer.submit(lambda connection: self._keep(connection, now), light=True)
            done.add_done_callback(self._pruned)

    def _keep(self, connection: sqlite3.Connection, now: float) -> int:
        self._subscribed.again(connection)
        return prune(connection, self.retention, now)

    def _pruned(self, done: "asyncio.Future[int]") -> None:
        """A batch that was full is followed by the next soon: what comes in an hour goes in an hour."""
        failed = done.cancelled() or isinstance(done.exception(), StoreError)
        if not failed and done.result() >= BATCH and self._timer is not None and self._core is not None:
            self._timer.cancel()
            self._timer = self._core.around.clock.call_later(PRUNE_AGAIN, self._prune)
