"""Worker: starts, balances, drains and stops the consumers of one process."""

import logging
from collections.abc import Sequence
from functools import partial

import msgspec

from tense.dispatch.registry import Registry
from tense.errors import StoreError
from tense.ports.clock import Clock, Timer
from tense.ports.delivery import Lease
from tense.ports.records import Consumer, Instance
from tense.ports.spawn import Spawn
from tense.ports.store import Store
from tense.rules.lanes import fair_share
from tense.runtime.consumer import ConsumerLoop
from tense.runtime.lane import Lane
from tense.runtime.work import Work

log = logging.getLogger("tense")


class Worker:
    """The consumers of one process. It is also the store's watcher: hints go to the consumer they are for."""

    def __init__(
        self, registry: Registry, store: Store, seams: tuple[Clock, Spawn], instance: Instance, lease: float
    ) -> None:
        self.instance = instance
        self.loops: dict[str, ConsumerLoop] = {}
        self._registry = registry
        self._store = store
        self._clock, self._spawn = seams
        self._lease = lease
        self._timer: Timer | None = None
        self._balancing = False
        self._again = False
        self._stopped = False

    async def start(self, work: Work, services: Sequence[str]) -> None:
        """Create what is missing in the store, announce this instance, take lanes and begin."""
        consumers = [consumer for consumer in self._registry.consumers if consumer.service in services]
        await self._store.provision(consumers)
        self.instance = msgspec.structs.replace(self.instance, consumers=tuple(consumer.name for consumer in consumers))
        seams = (self._clock, self._spawn)
        for consumer in consumers:
            concurrency = self._registry.services[consumer.service].concurrency
            loop = self.loops[consumer.name] = ConsumerLoop(consumer, self._store, work, seams, concurrency)
            loop.give_up = partial(self._give, loop)
        await self._announce()
        await self._balance()
        self._timer = self._clock.call_later(self._lease / 3, self._beat)

    async def stop(self, limit: float) -> None:
        """Take nothing new, drain at most `limit` seconds, make durable what was done, give every lane back."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        stops = [self._spawn.task(loop.stop(limit), f"stop {name}") for name, loop in self.loops.items()]
        for stop in stops:
            await stop
        try:
            await self._store.settled()
        except StoreError as error:
            log.warning("what was done last could not be made durable and will run again: %s", error)
        await self._store.retire()

    async def quiet(self) -> None:
        """Return when no consumer has anything in hands and all is durable."""
        busy = True
        while busy:
            for loop in self.loops.values():
                await loop.quiet()
            await self._store.settled()
            busy = any(not loop.is_quiet for loop in self.loops.values())

    # What the store tells

    def arrived(self, consumer: str, lane: int) -> None:
        """Something new stands in a backlog."""
        if (loop := self.loops.get(consumer)) is not None:
            loop.arrived(lane)

    def due(self, consumer: str, at: float) -> None:
        """An exception is due."""
        if (loop := self.loops.get(consumer)) is not None:
            loop.due(at)

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """A strand goes on."""
        if (loop := self.loops.get(consumer)) is not None:
            loop.freed(lane, strand)

    def lost(self, lease: Lease) -> None:
        """A lane is lost; take what is free again, soon."""
        if (loop := self.loops.get(lease.consumer)) is not None:
            loop.lost(lease)
            self.moved()

    def moved(self) -> None:
        """Instances came or went."""
        if self._stopped:
            return
        if self._balancing:
            self._again = True
            return
        self._spawn.task(self._rebalance(), "balance lanes")

    # Balance

    def _beat(self) -> None:
        if not self._stopped:
            self._timer = self._clock.call_later(self._lease / 3, self._beat)
            self._spawn.task(self._heartbeat(), "heartbeat")

    async def _heartbeat(self) -> None:
        try:
            await self._announce()
        except StoreError as error:
            log.warning("the heartbeat failed; lanes may be lost: %s", error)
            return
        await self._rebalance()

    async def _rebalance(self) -> None:
        if self._balancing or self._stopped:
            return
        self._balancing = True
        try:
            self._again = True
            while self._again and not self._stopped:
                self._again = False
                await self._balance()
        except StoreError as error:
            log.warning("lanes could not be balanced, tries again: %s", error)
        finally:
            self._balancing = False

    async def _announce(self) -> None:
        self.instance = msgspec.structs.replace(self.instance, until=self._clock.now() + self._lease)
        await self._store.announce(self.instance)

    async def _balance(self) -> None:
        now = self._clock.now()
        living = [instance for instance in await self._store.instances() if instance.until > now]
        for loop in self.loops.values():
            if self._stopped:
                return
            await self._balance_one(loop, living, now)

    async def _balance_one(self, loop: ConsumerLoop, living: Sequence[Instance], now: float) -> None:
        consumer: Consumer = loop.consumer
        sharing = sorted(instance.id for instance in living if consumer.name in instance.consumers)
        mine = sharing.index(self.instance.id) if self.instance.id in sharing else 0
        share = fair_share(consumer.lanes, max(1, len(sharing)), mine)
        leases = await self._store.acquire(consumer, share, now)
        if self._stopped:
            return
        loop.grant(leases[:share])
        for lease in leases[share:]:
            if (lane := loop.leave(lease)) is not None:
                self._give(loop, lane)

    def _give(self, loop: ConsumerLoop, lane: Lane) -> None:
        """Give one lane up as soon as nothing of it runs; the others go on meanwhile."""
        self._spawn.task(self._given(loop, lane), f"give lane {lane.lease.lane} of {lane.lease.consumer}")

    async def _given(self, loop: ConsumerLoop, lane: Lane) -> None:
        try:
            await loop.give(lane)
        except StoreError as error:
            log.warning("lane %d of %s could not be given up: %s", lane.lease.lane, lane.lease.consumer, error)
        self.moved()
