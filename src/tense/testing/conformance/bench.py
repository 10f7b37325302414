"""Bench: one opened store, a clock wound by hand, and the engine's calls in the words of a test."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from typing_extensions import TypeVar

from tense.messages.envelope import Envelope, event_channel, subscription_name
from tense.messages.metadata import Metadata
from tense.messages.outcome import Completed
from tense.messages.settlement import Done, Settlement
from tense.ports.chance import Chance
from tense.ports.delivery import Delivery, Lease, Watcher
from tense.ports.records import Consumer, Instance
from tense.ports.spawn import Spawn
from tense.ports.store import Soon, Store, Want
from tense.rules.lanes import lane_of
from tense.runtime.system import SystemSpawn
from tense.testing.chance import SeededChance
from tense.testing.clock import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tense.testing.conformance.adapter import Adapter

T = TypeVar("T")

LANES = 4
LEASE = 10.0
"""Seconds after which a silent instance loses its lanes, on the bench's clock."""

NULL = Done(Completed(msgspec.Raw(b"null")))
"""How a command without a result ends well."""


async def soon(answer: "Soon[T]") -> T:
    """What a store answered, at once or later."""
    return await answer if isinstance(answer, asyncio.Future) else answer


@contextmanager
def refuses(*errors: type[BaseException]) -> "Iterator[None]":
    """What stands within must raise one of these."""
    try:
        yield
    except errors:
        return
    names = " or ".join(error.__name__ for error in errors)
    text = f"expected {names}, and nothing was raised"
    raise AssertionError(text)


@dataclass
class Notices(Watcher):
    """What the store told, kept in order."""

    said: list[tuple[Any, ...]] = field(default_factory=list)

    def arrived(self, consumer: str, lane: int) -> None:
        """Something new stands in a lane."""
        self.said.append(("arrived", consumer, lane))

    def due(self, consumer: str, at: float) -> None:
        """An exception is due."""
        self.said.append(("due", consumer, at))

    def offer(self, delivery: Delivery) -> bool:
        """It stays in the backlog."""
        del delivery
        return False

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """Nothing is held behind a strand any more."""
        self.said.append(("freed", consumer, lane, strand))

    def lost(self, lease: Lease) -> None:
        """A lease is lost."""
        self.said.append(("lost", lease.consumer, lease.lane))

    def moved(self) -> None:
        """Instances came or went."""
        self.said.append(("moved",))


@dataclass(frozen=True, kw_only=True)
class Surrounding:
    """What the store is opened with."""

    clock: HandClock
    chance: Chance
    spawn: Spawn
    watcher: Notices
    instance: str
    lease: float = LEASE

    def lane_of(self, envelope: Envelope) -> int:
        """By its key or, without one, by its id."""
        return lane_of(envelope.metadata.partitionkey or envelope.metadata.id, LANES)


INBOX = Consumer(name="kit", service="kit", channel="kit", kind="inbox", lanes=LANES)


def subscription(subscriber: str, publisher: str = "kit", *, from_start: bool = False) -> Consumer:
    """A consumer of every `kit.Happened` of a publisher."""
    channel = event_channel(publisher, "events")
    return Consumer(
        name=subscription_name(subscriber, channel),
        service=subscriber,
        channel=channel,
        kind="subscription",
        lanes=LANES,
        types=("kit.Happened",),
        from_start=from_start,
    )


class Bench:
    """One instance at work on a store; a second one on the same place is a second process to the store."""

    def __init__(self, store: Store, clock: HandClock, name: str) -> None:
        self.store = store
        self.clock = clock
        self.notices = Notices()
        self._spawn = SystemSpawn()
        self._name = name
        self._ids = count()
        self._leases: dict[tuple[str, int], Lease] = {}
        self._after: dict[tuple[str, int], int] = {}

    async def open(self, *consumers: Consumer) -> "Bench":
        """Open the store and take every lane of these consumers that is free."""
        chance = SeededChance(sum(map(ord, self._name)))
        around = Surrounding(
            clock=self.clock, chance=chance, spawn=self._spawn, watcher=self.notices, instance=self._name
        )
        await self.store.open(around)
        await self.live()
        await self.store.provision(consumers)
        for consumer in consumers:
            await self.take(consumer)
        return self

    async def close(self) -> None:
        """Give everything back and disconnect."""
        with suppress(Exception):
            await self.store.retire()
        await self.store.close()
        self._spawn.close()

    async def live(self) -> None:
        """Say that this instance lives for another lease."""
        now = self.clock.now()
        me = Instance(id=self._name, host="", pid=0, version="kit", started=now, until=now + LEASE, services=("kit",))
        await self.store.announce(me)

    async def take(self, consumer: Consumer = INBOX, share: int = LANES) -> Sequence[Lease]:
        """Take free lanes until `share` are held."""
        leases = await self.store.acquire(consumer, share, self.clock.now())
        for lease in leases:
            if self._leases.get((lease.consumer, lease.lane)) is not lease:
                self._leases[lease.consumer, lease.lane] = lease
                self._after.pop((lease.consumer, lease.lane), None)
        return leases

    async def give(self, consumer: Consumer = INBOX) -> None:
        """Give every lane back."""
        await self.store.release([self._leases.pop(place) for place in list(self._leases) if place[0] == consumer.name])

    def command(self, body: bytes = b"{}", *, key: str | None = None, **changes: Any) -> Envelope:
        """A command to the kit's inbox; `id`, `headers`, `deadline` go to its metadata, `service` and `due` beside it."""
        return self._envelope("command", body, key, changes)

    def event(self, body: bytes = b"{}", *, key: str | None = None, **changes: Any) -> Envelope:
        """An event of the kit's log."""
        return self._envelope("event", body, key, changes)

    def _envelope(self, kind: str, body: bytes, key: str | None, changes: dict[str, Any]) -> Envelope:
        service, due = changes.pop("service", "kit"), changes.pop("due", 0.0)
        given = {"id": f"{self._name}-{next(self._ids):06d}", "time": self.clock.now(), "source": service, **changes}
        type_ = "kit.Happened" if kind == "event" else "kit.Do"
        metadata = Metadata(kind=kind, type=type_, partitionkey=key, **given)
        return Envelope(metadata=metadata, body=body, service=service, due=due)

    async def accept(self, *envelopes: Envelope) -> list[bool]:
        """Send messages one after the other; each is durable when this returns."""
        return [await soon(self.store.accept(envelope)) for envelope in envelopes]

    async def claim(self, consumer: Consumer = INBOX, limit: int = 10_000) -> list[Delivery]:
        """What stands in the lanes that are held and was not claimed before.

        A store that holds something back for a moment says so by an `arrived`, and is asked again.
        """
        held = [lease for (name, _), lease in self._leases.items() if name == consumer.name and not lease.lost]
        told, found = -1, list[Delivery]()
        while len(found) < limit and told != len(self.notices.said):
            told, room = len(self.notices.said), limit - len(found)
            wants = [
                Want(lease=lease, after=self._after.get((lease.consumer, lease.lane), -1), most=room) for lease in held
            ]
            answer = await soon(self.store.claim(consumer, wants, room))
            for delivery in answer:
                self._after[delivery.consumer, delivery.lane] = delivery.position
                found.append(delivery)
        return found

    async def due(self, consumer: Consumer = INBOX, limit: int = 10_000) -> list[Delivery]:
        """Exceptions whose time has come."""
        leases = {lane: lease for (name, lane), lease in self._leases.items() if name == consumer.name}
        answer = await soon(self.store.due(consumer, leases, self.clock.now(), limit))
        return [*answer]

    async def settle(self, delivery: Delivery, how: Settlement | None = None, *outgoing: Envelope) -> None:
        """Settle durably, by default as done."""
        done = Done() if delivery.metadata.kind == "event" else NULL
        unit = self.store.unit(delivery, self.lease(delivery))
        await soon(unit.finish(how or done, outgoing))
        await self.store.settled()

    def lease(self, delivery: Delivery) -> Lease:
        """The lease under which a delivery was handed out."""
        return self._leases[delivery.consumer, delivery.lane]


@dataclass
class Kit:
    """What one property is given: the folder, the clock, and benches on the adapter's store."""

    adapter: "Adapter"
    place: Path
    clock: HandClock = field(default_factory=HandClock)
    _count: "Iterator[int]" = field(default_factory=count)

    def open(self, place: Path) -> Store:
        """The adapter's store on a place, not open."""
        return self.adapter.store(place)

    def later(self, seconds: float) -> None:
        """Let time pass, for the clock and for whoever counts leases."""
        self.clock.advance(seconds)
        self.adapter.passed(self.place, seconds)

    @asynccontextmanager
    async def bench(self, *consumers: Consumer, store: Store | None = None) -> AsyncGenerator[Bench]:
        """An open bench, by default with the kit's inbox; a new instance each time."""
        bench = Bench(store or self.open(self.place), self.clock, f"bench{next(self._count)}")
        await bench.open(*(consumers or (INBOX,)))
        try:
            yield bench
        finally:
            await bench.close()

    def crashed(self) -> Path:
        """The place as a SIGKILL would leave it at this moment; what is lost with the process is not in it."""
        copy = self.place.with_name(f"{self.place.name}-crash{next(self._count)}")
        self.adapter.copy(self.place, copy)
        return copy

    @asynccontextmanager
    async def after_crash(self, *consumers: Consumer) -> AsyncGenerator[Bench]:
        """A bench on what a SIGKILL at this moment leaves; the dead one's lease has run out."""
        left = replace(self, place=self.crashed())
        left.later(LEASE + 1)
        async with left.bench(*consumers) as bench:
            yield bench

    def elsewhere(self) -> "Kit":
        """Another kit on an empty place."""
        place = self.place.with_name(f"{self.place.name}-other{next(self._count)}")
        place.mkdir()
        return replace(self, place=place)
