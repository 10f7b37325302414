"""PostgresStore: one schema of one database, several processes, everything in one transaction."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Any

from tense.adapters.stores.postgres import guest
from tense.adapters.stores.postgres.address import Address, read_address
from tense.adapters.stores.postgres.backlog import Backlog
from tense.adapters.stores.postgres.capabilities import POSTGRES
from tense.adapters.stores.postgres.commit import Committing
from tense.adapters.stores.postgres.company import Company
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.ending import Endings
from tense.adapters.stores.postgres.face import PostgresSnapshot
from tense.adapters.stores.postgres.intake import Intake
from tense.adapters.stores.postgres.lanes import Lanes
from tense.adapters.stores.postgres.ledger import Ledger
from tense.adapters.stores.postgres.letters import Letters
from tense.adapters.stores.postgres.marks import forget_passed, marks
from tense.adapters.stores.postgres.migrate import migrate
from tense.adapters.stores.postgres.news import News
from tense.adapters.stores.postgres.provision import provision
from tense.adapters.stores.postgres.renumber import renumber
from tense.adapters.stores.postgres.retention import Retention, prune
from tense.adapters.stores.postgres.settling import Settling
from tense.adapters.stores.postgres.subscribed import Subscribed
from tense.adapters.stores.postgres.survey import Survey
from tense.adapters.stores.postgres.trouble import DRIVER, translated
from tense.adapters.stores.postgres.unit import PostgresUnit
from tense.errors import ClosedError, StoreError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Settlement
from tense.ports.clock import Timer
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.store import Surroundings, Tell, Want
from tense.ports.transaction import Snapshot

PRUNE_EVERY = 60.0
"""Seconds between two looks for what is old enough to be forgotten."""


class PostgresStore:
    """A store in a schema of a PostgreSQL database, beside the user's own tables.

    `address` is `postgresql://user@host/database`; its query may say `schema=`, `pool=` (connections for handlers) and
    `pooler=transaction`. `retention` says how long outcomes and logged events are kept.
    """

    capabilities = POSTGRES

    def __init__(self, address: str, *, retention: Retention | None = None) -> None:
        self.address: Address = read_address(address)
        self.retention = retention or Retention()
        self._core: Core | None = None
        self._timer: Timer | None = None

    # Life

    async def open(self, surroundings: Surroundings) -> None:
        """Connect, migrate if the schema is older and this role may, and begin to work."""
        core = Core(self.address, surroundings)
        try:
            async with core.engine.connection() as connection:
                await migrate(connection, self.address.schema, self.address.shown)
                await renumber(connection, self.address.schema, self.address.shown)
                isolation = await connection.fetchval("SHOW default_transaction_isolation")
                core.sharing = isolation == "read committed"
        except BaseException as error:
            await core.engine.close()
            if isinstance(error, (StoreError, *DRIVER)):
                raise translated(error, self.address.shown) from error
            raise
        self._core = core
        self._intake = Intake(core)
        self._settling = Settling(core, self._intake)
        self._endings = Endings(core, self._settling)
        self._committing = Committing(core, self._settling, self._endings)
        self._company = Company(core, self._committing)
        self._backlog = Backlog(core)
        self._lanes = Lanes(core, self._backlog)
        self._ledger = Ledger(core, self._intake)
        self._letters = Letters(core)
        self._survey = Survey(core)
        self._subscribed = Subscribed(core)
        self._news = News(core, self._backlog, self._ledger)
        try:
            await self._news.start()
        except BaseException:
            await self.close()
            raise
        self._timer = surroundings.clock.call_later(PRUNE_EVERY, self._prune)

    async def close(self) -> None:
        """Write what was asked for and disconnect."""
        core, self._core = self._core, None
        if core is None:
            return
        await self._committing.idle()
        await self._endings.idle()
        await self._intake.idle()
        core.closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._news.stop()
        for futures in list(core.watching.values()):
            for future in list(futures):
                future.cancel()
        for pool in (core.units, core.shared, core.readers, core.engine):
            await pool.close()

    @property
    def core(self) -> Core:
        """The shared state while the store is open."""
        if self._core is None:
            text = f"{self.address.shown} is not open"
            raise ClosedError(text)
        return self._core

    def _check_open(self) -> None:
        core = self.core
        if core.pid != os.getpid():
            text = f"{self.address.shown} was opened before this process forked; a child must open it anew"
            raise ClosedError(text)

    # Acceptance and work

    def accept(self, envelope: Envelope) -> "asyncio.Future[bool]":
        """Take a message in."""
        self._check_open()
        return self._intake.accept(envelope)

    def claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> "asyncio.Future[Sequence[Delivery]]":
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
        return self.core.blocked.get((lease.consumer, lease.lane), set())

    def strike(self, delivery: Delivery, first: int) -> "asyncio.Future[int]":
        """Count a delivery of an event before it is started."""
        return self._backlog.strike(delivery, first)

    async def history(self, consumer: Consumer, after: int, limit: int) -> list[Delivery]:
        """Logged events that a subscription takes, in the order of the log."""
        return await self._backlog.history(consumer, after, limit)

    async def cursors(self, consumer: Consumer) -> dict[int, int]:
        """How far each lane of a subscription was read."""
        return await self._backlog.cursors(consumer)

    def unit(self, delivery: Delivery, lease: Lease) -> PostgresUnit:
        """A unit of work."""
        return PostgresUnit(self.core, (self._company, self._endings), delivery, lease)

    def marks(self, deliveries: Sequence[Delivery]) -> "asyncio.Future[Mapping[int, Settlement]]":
        """How those of another store's deliveries ended that have a mark here."""
        return self.core.soon(marks(self.core, deliveries), "tense marks")

    async def forget(self, consumer: Consumer, limit: int) -> int:
        """Delete logged messages that this subscription has passed."""
        return await forget_passed(self.core, consumer, limit)

    def guest(self, delivery: Delivery, lease: Lease) -> guest.PostgresGuest:
        """A foreign transaction in this database."""
        return guest.PostgresGuest(self.core, (self._settling, self._endings), delivery, lease)

    async def recognise(self, driver: object) -> None:
        """Make sure that a connection leads to these tables."""
        await guest.recognise(self.core, driver)

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        return PostgresSnapshot(self.core)

    async def settled(self) -> None:
        """Return when everything finished so far is durable."""
        await self._committing.idle()
        await self._endings.idle()

    # Lanes

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Create what is missing of these consumers."""
        await provision(self.core, consumers)

    async def announce(self, instance: Instance) -> None:
        """Say that this instance lives."""
        await self._lanes.announce(instance)

    async def acquire(self, consumer: Consumer, share: int, now: float) -> list[Lease]:
        """Take free lanes; who lives is told by the server's clock."""
        del now
        return await self._lanes.acquire(consumer, share)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back."""
        await self._lanes.release(leases)

    async def retire(self) -> None:
        """This instance is going."""
        await self._lanes.retire()

    # Ledger, dead letters, survey

    def standing(self, message_id: str) -> "asyncio.Future[Standing | None]":
        """Where a command stands."""
        return self._ledger.standing(message_id)

    def watch(self, message_id: str) -> "asyncio.Future[Outcome]":
        """A future that ends with the outcome."""
        self._check_open()
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
        """Settings and figures of the schema."""
        return await self._survey.describe()

    def _prune(self) -> None:
        core = self._core
        if core is None:
            return
        now = core.around.clock.now()
        self._timer = core.around.clock.call_later(PRUNE_EVERY, self._prune)
        core.soon(self._subscribed.again(), "tense types").add_done_callback(_seen)
        if core.leases:
            core.soon(prune(core, self.retention, now), "tense prune").add_done_callback(_seen)


def _seen(done: "asyncio.Future[Any]") -> None:
    """What could not be done now is done in a minute."""
    if not done.cancelled():
        done.exception()
