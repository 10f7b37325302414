"""RelayLoop: reads the outbox, lane by lane, and hands what stands there to the transport, key by key in order."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from tense.errors import LeaseLostError, StoreError
from tense.messages.settlement import Again, Buried, Done, Settlement
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.spawn import Spawn
from tense.ports.state import State
from tense.ports.store import Want
from tense.runtime.due import RETRY_READ, DueReader
from tense.runtime.lane import Lane
from tense.runtime.putback import put_back
from tense.runtime.relay_hands import Hands, Left

log = logging.getLogger("tense")

MOST = 4096
"""How many messages are in hands at most, whatever the backlog."""

BATCH = 256
"""How many of one lane at most: one cursor is moved for them."""

PASSED = 1000
"""How many rows of the outbox are deleted at once when they are through."""

TIDY = 0.5
"""Seconds between two rounds of that."""


class RelayLoop:
    """Carries the lanes it is granted. One batch of a lane is in hands at a time.

    A batch is handed to the transport in waves: of each key the first, when these are accepted the second. Then one
    cursor is moved. What a crash leaves between the two is handed over again, under the same ids. `loaded` counts the
    messages in hands.
    """

    def __init__(self, consumer: Consumer, state: State, hands: Hands, seams: tuple[Clock, Spawn]) -> None:
        self.consumer = consumer
        self.lanes: dict[int, Lane] = {}
        self.give_up: Callable[[Lane], object] = lambda _lane: None
        self._state = state
        self._hands = hands
        self._clock, self._spawn = seams
        self._dirty: dict[int, Lane] = {}
        self._busy: dict[Lane, asyncio.Task[None]] = {}
        self._again: set[asyncio.Task[None]] = set()
        self._going: set[Lease] = set()
        self.loaded = 0
        self._reads: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._failing = False
        self._tidying = False
        self._due = DueReader(consumer, state, self._clock, self)

    # What the worker tells

    def grant(self, leases: Sequence[Lease]) -> None:
        """Begin with lanes that were acquired; those held already are ignored."""
        for lease in leases:
            held = self.lanes.get(lease.lane)
            if lease in self._going or (held is not None and held.lease is lease):
                continue
            lane = Lane(lease, serial=True, blocked=set(), careful=0)
            self.lanes[lease.lane] = self._dirty[lease.lane] = lane
        self._due.plan_next()
        self.read()

    def arrived(self, number: int) -> None:
        """Something new stands in the outbox (-1: in any lane)."""
        for lane in self.lanes.values() if number < 0 else filter(None, [self.lanes.get(number)]):
            self._dirty[lane.lease.lane] = lane
        self.read()

    def offer(self, delivery: Delivery) -> bool:
        """It is read with others."""
        del delivery
        return False

    def due(self, at: float) -> None:
        """Something that was put back is due."""
        self._due.plan(at)

    def freed(self, number: int, strand: str) -> None:
        """Nothing is ever held back here: what is refused holds up nobody."""

    def lost(self, lease: Lease) -> None:
        """Forget a lane; what of it is in hands finds out."""
        lane = self.lanes.get(lease.lane)
        if lane is not None and lane.lease is lease:
            self._forget(lane)

    def leave(self, lease: Lease) -> Lane | None:
        """Stop with a lane. None if it is going already."""
        if lease in self._going:
            return None
        self._going.add(lease)
        lane = self.lanes.get(lease.lane)
        if lane is None or lane.lease is not lease:
            return Lane(lease, serial=True, blocked=set(), careful=0)
        self._forget(lane)
        return lane

    async def give(self, lane: Lane) -> None:
        """Give a lane that was left back as soon as nothing of it is in hands.

        Raises:
            StoreError: it could not be given back, and may be granted again.
        """
        try:
            if (task := self._busy.get(lane)) is not None:
                await asyncio.wait([task])
            if not lane.lease.lost:
                await self._state.release([lane.lease])
        finally:
            self._going.discard(lane.lease)

    async def stop(self, limit: float) -> None:
        """Read nothing more, and wait at most `limit` seconds for what is in hands; the rest stays in the outbox."""
        self._stopping = True
        self._due.stop()
        self._hands.stop()
        tasks = {*self._busy.values(), *self._again}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1.0)

    async def quiet(self) -> None:
        """Return when nothing is in hands."""
        while tasks := [*self._busy.values(), *self._reads, *self._again]:
            await asyncio.wait(tasks)

    async def caught_up(self) -> None:
        """Return when what stood in the outbox is handed over; at once while the transport is away."""
        # A lane that is busy is read again: twice around is enough for what stood there, however much comes after it.
        for tasks in (self._reads, self._busy.values(), self._reads, self._busy.values()):
            if waiting := list(tasks):
                await self._hands.unless_away(waiting)
        await self._state.settled()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in hands and nothing is being read."""
        return not (self._busy or self._reads or self._again or self._due.reading or self._dirty)

    # Reading

    def read(self) -> None:
        """Ask the outbox for more, if there is room and something may be there."""
        room = MOST - self.loaded
        ready = [lane for lane in self._dirty.values() if lane not in self._busy]
        if self._reads or self._stopping or room < len(ready) or not ready:
            return
        for lane in ready:
            del self._dirty[lane.lease.lane]
        task = self._spawn.task(self._read(ready, min(BATCH, room // len(ready)), room), "tense relay reads")
        self._reads.add(task)
        task.add_done_callback(self._have_read)

    async def _read(self, ready: Sequence[Lane], most: int, room: int) -> None:
        try:
            got = self._state.claim(self.consumer, [Want(lane.lease, lane.after, most) for lane in ready], room)
            deliveries = await got if isinstance(got, asyncio.Future) else got
        except StoreError as error:
            log.warning("the outbox cannot be read, tries again: %s", error)
            self._mark(ready)
            self._failing = True
            self._clock.call_later(RETRY_READ, self.read)
            return
        self._failing = False
        found: dict[int, list[Delivery]] = {}
        for delivery in deliveries:
            found.setdefault(delivery.lane, []).append(delivery)
        counts = Counter({number: len(batch) for number, batch in found.items()})
        self._mark([lane for lane in ready if len(deliveries) >= room or counts[lane.lease.lane] >= most])
        for lane in ready:
            if (batch := found.get(lane.lease.lane)) and self.lanes.get(lane.lease.lane) is lane:
                lane.after = batch[-1].position
                self.loaded += len(batch)
                self._busy[lane] = self._spawn.task(self._carry(lane, batch), "tense relay carries")

    def _have_read(self, task: "asyncio.Task[None]") -> None:
        self._reads.discard(task)
        if not self._failing:
            self.read()

    def _mark(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            if self.lanes.get(lane.lease.lane) is lane:
                self._dirty[lane.lease.lane] = lane

    # Carrying

    async def _carry(self, lane: Lane, batch: Sequence[Delivery]) -> None:
        try:
            refused = await self._hands.over(batch, lambda: self.lanes.get(lane.lease.lane) is lane)
            await self._settle(lane, batch, refused)
        except Left:
            return
        except LeaseLostError:
            self.lost(lane.lease)
        except StoreError as error:
            log.warning("the outbox's lane %d could not be marked, it is read again: %s", lane.lease.lane, error)
            if self.leave(lane.lease) is not None:
                self.give_up(lane)
        finally:
            self.loaded -= len(batch)
            del self._busy[lane]
            self._tidy_soon()
            self.read()

    async def _settle(self, lane: Lane, batch: Sequence[Delivery], refused: Mapping[int, Buried]) -> None:
        """What was refused is buried; one cursor says that the rest is through."""
        for delivery in batch:
            if (buried := refused.get(delivery.position)) is not None:
                await self._finish(delivery, lane.lease, buried)
        if batch[-1].position not in refused:
            await self._finish(batch[-1], lane.lease, Done())

    async def _finish(self, delivery: Delivery, lease: Lease, settlement: Settlement) -> None:
        waiting = self._state.unit(delivery, lease).finish(settlement, ())
        if waiting is not None:
            await waiting

    # What was refused and is tried again because somebody asked for it

    def room(self) -> int:
        """How many more may be in hands."""
        return MOST - self.loaded

    def leases(self) -> Mapping[int, Lease]:
        """The lanes that are held."""
        return {number: lane.lease for number, lane in self.lanes.items()}

    def take_due(self, deliveries: Sequence[Delivery]) -> None:
        """Take what came back from the dead letters."""
        for delivery in deliveries:
            lane = self.lanes.get(delivery.lane)
            if lane is not None and self._stopping:
                put_back(self._state, delivery, lane.lease)
            elif lane is not None:
                task = self._spawn.task(self._once_more(delivery, lane.lease), "tense relay carries")
                self._again.add(task)
                task.add_done_callback(self._again.discard)

    async def _once_more(self, delivery: Delivery, lease: Lease) -> None:
        try:
            refused = await self._hands.over([delivery], lambda: not lease.lost)
            await self._finish(delivery, lease, refused.get(delivery.position) or Done())
        except (Left, StoreError) as error:
            log.debug("%s stays in the outbox: %s", delivery.metadata.id, error)
            again = Again(due=self._clock.now() + RETRY_READ, error=str(error), counts=False)
            with suppress(StoreError):
                await self._finish(delivery, lease, again)

    # What is through

    def _tidy_soon(self) -> None:
        if not self._tidying and not self._stopping:
            self._tidying = True
            self._clock.call_later(TIDY, lambda: self._spawn.task(self._tidy(), "tense relay tidies"))

    async def _tidy(self) -> None:
        """Delete what is through, so that the outbox stays as small as what waits in it."""
        try:
            gone = PASSED
            while gone >= PASSED and not self._stopping:
                gone = await self._state.forget(self.consumer, PASSED)
        except StoreError as error:
            log.debug("what is through stays in the outbox for now: %s", error)
        finally:
            self._tidying = False

    def _forget(self, lane: Lane) -> None:
        del self.lanes[lane.lease.lane]
        self._dirty.pop(lane.lease.lane, None)
        self._hands.look()
