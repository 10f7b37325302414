"""Worker: starts, balances, drains and stops the consumers of one process."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from tense.errors import StoreError
from tense.ports.clock import Clock, Timer
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer, Instance
from tense.ports.spawn import Spawn
from tense.ports.store import Store
from tense.rules.lanes import fair_share
from tense.runtime.lane import Lane

log = logging.getLogger("tense")


class Loop(Protocol):
    """What reads one consumer's lanes; the worker gives it lanes, takes them back, and hands on what the store tells."""

    consumer: Consumer
    give_up: Callable[[Lane], object]

    def grant(self, leases: Sequence[Lease]) -> None:
        """Begin with lanes that were acquired; those held already are ignored."""
        ...

    def leave(self, lease: Lease) -> Lane | None:
        """Stop with a lane. None if it is going already."""
        ...

    async def give(self, lane: Lane) -> None:
        """Give a lane that was left back as soon as nothing of it runs."""
        ...

    def arrived(self, number: int) -> None:
        """Something new stands in a lane's backlog (-1: in any)."""
        ...

    def offer(self, delivery: Delivery) -> bool:
        """Begin a command at once that was accepted just now; False if it must wait for others."""
        ...

    def due(self, at: float) -> None:
        """An exception is due at this moment."""
        ...

    def freed(self, number: int, strand: str) -> None:
        """Nothing is held back behind this strand any more."""
        ...

    def lost(self, lease: Lease) -> None:
        """Forget a lane."""
        ...

    async def stop(self, limit: float) -> None:
        """Take nothing new and wait for what runs at most `limit` seconds."""
        ...

    async def quiet(self) -> None:
        """Return when nothing is in hands."""
        ...

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in hands."""
        ...


class Worker:
    """The consumers of one process. It is also the store's watcher: hints go to the consumer they are for."""

    def __init__(self, store: Store, seams: tuple[Clock, Spawn], instance: Instance, lease: float) -> None:
        self.instance = instance
        self.loops: dict[str, Loop] = {}
        self._store = store
        self._clock, self._spawn = seams
        self._lease = lease
        self._timer: Timer | None = None
        self._balancing = False
        self._again = False
        self._stopped = False

    async def start(self, loops: Sequence[Loop]) -> None:
        """Create what is missing in the store, announce this instance, take lanes and begin."""
        await self._store.provision([loop.consumer for loop in loops])
        names = tuple(loop.consumer.name for loop in loops)
        self.instance = msgspec.structs.replace(self.instance, consumers=names)
        for loop in loops:
            self.loops[loop.consumer.name] = loop
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

    def offer(self, delivery: Delivery) -> bool:
        """A command that could begin at once."""
        loop = self.loops.get(delivery.consumer)
        return loop is not None and loop.offer(delivery)

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
        sharing: dict[str, list[str]] = {}
        for instance in sorted(living, key=lambda instance: instance.id):
            for name in instance.consumers:
                sharing.setdefault(name, []).append(instance.id)
        for name, loop in self.loops.items():
            if self._stopped:
                return
            await self._balance_one(loop, sharing.get(name, ()), now)

    async def _balance_one(self, loop: Loop, sharing: Sequence[str], now: float) -> None:
        """Take or give lanes of one consumer; `sharing` are the instances that live and run it, in order."""
        consumer: Consumer = loop.consumer
        mine = sharing.index(self.instance.id) if self.instance.id in sharing else 0
        share = fair_share(consumer.lanes, max(1, len(sharing)), mine)
        leases = await self._store.acquire(consumer, share, now)
        if self._stopped:
            return
        loop.grant(leases[:share])
        for lease in leases[share:]:
            if (lane := loop.leave(lease)) is not None:
                self._give(loop, lane)

    def _give(self, loop: Loop, lane: Lane) -> None:
        """Give one lane up as soon as nothing of it runs; the others go on meanwhile. Who stops gives all of them up."""
        if self._stopped:
            return
        self._spawn.task(self._given(loop, lane), f"give lane {lane.lease.lane} of {lane.lease.consumer}")

    async def _given(self, loop: Loop, lane: Lane) -> None:
        try:
            await loop.give(lane)
        except StoreError as error:
            log.warning("lane %d of %s could not be given up: %s", lane.lease.lane, lane.lease.consumer, error)
        self.moved()
