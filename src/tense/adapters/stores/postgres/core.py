"""What the parts of the PostgreSQL store share: pools, surroundings, leases, and who is told what."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
from typing_extensions import TypeVar

from tense.adapters.stores.postgres.address import Address
from tense.adapters.stores.postgres.pool import Connection, Pool
from tense.adapters.stores.postgres.schema import in_schema
from tense.adapters.stores.postgres.session import IDLE_LIMIT, Session, connect
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import CLASHED, DRIVER, translated
from tense.messages.metadata import Metadata
from tense.messages.outcome import Outcome
from tense.ports.delivery import Lease
from tense.ports.records import Consumer
from tense.ports.store import Surroundings

METADATA = msgspec.json.Decoder(Metadata)
OUTCOME: "msgspec.json.Decoder[Outcome]" = msgspec.json.Decoder(Outcome)
encode = msgspec.json.Encoder().encode

T = TypeVar("T")

Place: TypeAlias = tuple[str, int, str]
"""A strand of a lane of a consumer."""

EMPTY: Mapping[str, str] = MappingProxyType({})

ENGINE_CONNECTIONS = 8
"""Connections for the engine's own statements; handlers never take them."""

SHARED_CONNECTIONS = 2
"""Transactions that handlers share and that are open at the same time: while one is committed the other goes on."""

READ_CONNECTIONS = 4
"""Connections for snapshots: a handler in its transaction may read one without waiting for other handlers."""

CONNECT_WITHIN = 10.0
"""Seconds that making a connection may take."""

CLASHES = 5
"""How often a transaction of the engine's own begins again after it was in another's way."""


class Core:
    """State of one open PostgreSQL store."""

    def __init__(self, address: Address, around: Surroundings) -> None:
        self.address = address
        self.around = around
        self.engine = Pool(self._connect_engine, ENGINE_CONNECTIONS)
        self.units = Pool(self.connect, address.pool)
        self.shared = Pool(self.connect, SHARED_CONNECTIONS)
        self.readers = Pool(self.connect, READ_CONNECTIONS)
        self.leases: dict[tuple[str, int], Lease] = {}
        self.consumers: dict[str, Consumer] = {}
        self.subscriptions: dict[str, list[Consumer]] = {}
        self.watching: dict[str, list[asyncio.Future[Outcome]]] = {}
        self.blocked: dict[tuple[str, int], set[str]] = {}
        self.holding: Counter[Place] = Counter()
        self.next_due: dict[str, float] = {}
        self.own: dict[str, None] = {}
        self.tell_others: Callable[[Tidings], None] = lambda _tidings: None
        self.sharing = True
        self.closed = False
        self.pid = os.getpid()

    def sql(self, statement: str) -> str:
        """A statement for this store's schema."""
        return in_schema(self.address.schema, statement)

    async def connect(self, settings: Mapping[str, str] = EMPTY, *, patience: float | None = None) -> Session:
        """A new connection; behind a pooler without prepared statements, and with settings only for each transaction.

        A statement that is not answered within `patience` seconds raises TimeoutError: the network may be silent.
        """
        own = {IDLE_LIMIT: f"{int(self.around.lease * 1000)}", "application_name": "tense"}
        session = await connect(
            self.address,
            {**{name: value for name, value in own.items() if name not in self.address.dsn}, **settings},
            within=min(CONNECT_WITHIN, self.around.lease),
            patience=patience,
        )
        session.used = self.around.clock.elapsed()
        return session

    async def _connect_engine(self) -> Session:
        # A plan that was made while the tables were empty is kept; it must not be one that reads all of them.
        return await self.connect({"enable_seqscan": "off", "jit": "off"}, patience=self.around.lease)

    # Work beside the caller

    def soon(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Future[T]":
        """Run a coroutine beside the caller; its failure is in the future, in our words, and nowhere else."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.around.spawn.task(self._into(future, work), name)
        return future

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run something on a connection of the engine's own, again if it was in another's way.

        Raises:
            StoreError: the server would not, or is not there.
        """
        for attempt in range(CLASHES):
            try:
                async with self.engine.connection() as connection:
                    return await work(connection)
            except DRIVER as error:
                if not isinstance(error, CLASHED) or attempt + 1 == CLASHES:
                    raise translated(error, self.address.shown) from error
        raise AssertionError

    async def within(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """As `run`, in one transaction."""

        async def whole(connection: Connection) -> T:
            async with connection.transaction():
                return await work(connection)

        return await self.run(whole)

    async def _into(self, future: "asyncio.Future[T]", work: Coroutine[Any, Any, T]) -> None:
        try:
            result = await work
        except asyncio.CancelledError:
            future.cancel()
            raise
        except DRIVER as error:
            _fail(future, translated(error, self.address.shown))
        except Exception as error:  # noqa: BLE001 - handed to who asked
            _fail(future, error)
        else:
            if not future.done():
                future.set_result(result)

    # Telling

    def publish(self, tidings: Tidings) -> None:
        """Tell this process, and then the others, what was committed."""
        if self.watching:
            for message_id, outcome in tidings.told:
                self.conclude(message_id, outcome)
        watcher = self.around.watcher
        for place in tidings.freed:
            self.free(place)
        for service, lane in tidings.arrivals:
            watcher.arrived(service, lane)
        for channel, lane in tidings.logged:
            for subscription in self.subscriptions.get(channel, ()):
                watcher.arrived(subscription.name, lane)
        for name, due in tidings.dues.items():
            self.next_due[name] = min(due, self.next_due.get(name, due))
            watcher.due(name, due)
        if tidings.moved:
            watcher.moved()
        if tidings.concern_others:
            self.tell_others(tidings)

    def hold(self, place: Place, written: "asyncio.Future[None]") -> None:
        """A message is about to be held back behind a strand of a lane."""
        self.holding[place] += 1
        written.add_done_callback(lambda _: self._held(place))

    def free(self, place: Place) -> None:
        """Nothing is held back behind a strand of a lane any more: unless something is about to be."""
        if not self.holding[place]:
            self.around.watcher.freed(*place)

    def _held(self, place: Place) -> None:
        self.holding[place] -= 1
        if not self.holding[place]:
            del self.holding[place]

    def lose(self, lease: Lease) -> None:
        """A lease is lost, or what was done under it."""
        if not lease.lost:
            self.forget(lease)
            self.around.watcher.lost(lease)

    def forget(self, lease: Lease) -> None:
        """A lease is ours no more; another one of the same lane may be."""
        lease.lost = True
        if self.leases.get((lease.consumer, lease.lane)) is lease:
            del self.leases[lease.consumer, lease.lane]

    def conclude(self, message_id: str, outcome: Outcome) -> None:
        """Tell who watches a command how it ended."""
        for future in self.watching.pop(message_id, ()):
            if not future.done():
                future.set_result(outcome)

    def remember_own(self, message_id: str) -> None:
        """These bytes were made by this process's codec; bounded, for it only saves a check."""
        self.own[message_id] = None
        if len(self.own) > 20_000:  # noqa: PLR2004 - a few megabytes
            for old in list(self.own)[:10_000]:
                del self.own[old]


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
