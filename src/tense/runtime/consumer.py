"""Consumer: reads one inbox or subscription, lane by lane, and keeps its runners busy."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from tense.errors import StoreError
from tense.messages.settlement import Again, Buried, Done, Held, Released, Settlement
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.spawn import Spawn
from tense.ports.store import Store, Want
from tense.runtime.alone import CAREFUL, Alone
from tense.runtime.due import RETRY_READ, DueReader
from tense.runtime.lane import Lane, Strand
from tense.runtime.runners import Runners
from tense.runtime.unrun import Unrun
from tense.runtime.work import Work

log = logging.getLogger("tense")


class ConsumerLoop:
    """Runs the deliveries of one consumer, at most `concurrency` at once.

    Memory is bounded: at most 512 messages (four times `concurrency`, if that is more, up to 1024) are in hands,
    whatever the backlog. A claim costs a commit, so it should be worth one.
    """

    def __init__(
        self, consumer: Consumer, store: Store, work: Work, seams: tuple[Clock, Spawn], concurrency: int
    ) -> None:
        self.consumer = consumer
        self.lanes: dict[int, Lane] = {}
        self._dirty: dict[int, Lane] = {}
        self._store = store
        self._work = work
        self._clock, self._spawn = seams
        self._prefetch = min(1024, max(256, 4 * concurrency))
        self._serial = consumer.kind == "subscription"
        self._runners = Runners(self._spawn, consumer.name, concurrency, self._one)
        self._runners.after = self._after
        self._runners.resting = self._check_quiet
        self._loaded = 0
        self._reading = False
        self._stopping = False
        self._due = DueReader(consumer, store, self._clock, self)
        self._unrun = Unrun(store, self._read_again)
        self._alone = Alone(consumer, store, work)
        self._quiet: asyncio.Future[None] | None = None
        self._going: set[Lease] = set()
        self.give_up: Callable[[Lane], object] = lambda _lane: None

    # What the store tells

    def grant(self, leases: Sequence[Lease]) -> None:
        """Begin with lanes that were acquired; those held already are ignored."""
        mine = {lane.lease for lane in self.lanes.values()} | self._going
        fresh = [lease for lease in leases if lease not in mine]
        for lease in fresh:
            careful = CAREFUL if lease.crashed and self._serial else 0
            blocked = self._store.held(lease)
            lane = Lane(lease, serial=self._serial, blocked=blocked, careful=careful)
            self.lanes[lease.lane] = self._dirty[lease.lane] = lane
        if fresh:
            self._due.plan_next()
        self.read()

    def arrived(self, number: int) -> None:
        """Something new stands in a lane's backlog (-1: in any)."""
        if number >= 0:
            lane = self.lanes.get(number)
            if lane is None:
                return
            self._dirty[number] = lane
        else:
            self._dirty.update(self.lanes)
        self.read()

    def due(self, at: float) -> None:
        """An exception is due at this moment."""
        self._due.plan(at)

    def freed(self, number: int, strand: str) -> None:
        """Nothing is held back behind this strand any more."""
        if (lane := self.lanes.get(number)) is not None:
            lane.blocked.discard(strand)

    def lost(self, lease: Lease) -> None:
        """Forget a lane; what of it runs finds out when it settles."""
        lane = self.lanes.get(lease.lane)
        if lane is not None and lane.lease is lease:
            del self.lanes[lease.lane]
            self._dirty.pop(lease.lane, None)
            self._drop(lane)

    def read(self) -> None:
        """Ask the store for more, if there is room and something may be there."""
        room = self.room()
        if self._reading or self._stopping or room <= 0 or not self._dirty:
            return
        dirty = [lane for lane in self._dirty.values() if not lane.lease.lost]
        self._dirty.clear()
        if not dirty:
            return
        most = max(1, room // len(dirty))
        wanted = [Want(lane.lease, lane.after, most) for lane in dirty]
        self._reading = True
        got = self._store.claim(self.consumer, wanted, room)
        if isinstance(got, asyncio.Future):
            got.add_done_callback(lambda done: self._got(done, dirty, most, room))
        else:
            self._feed(got, dirty, most, room)

    def _got(self, done: "asyncio.Future[Sequence[Delivery]]", dirty: Sequence[Lane], most: int, room: int) -> None:
        if done.cancelled():
            self._reading = False
            return
        if (error := done.exception()) is not None:
            self._reading = False
            self._mark(dirty)
            log.warning("%s cannot read its backlog, tries again: %s", self.consumer.name, error)
            if not self._stopping:
                self._clock.call_later(RETRY_READ, self.read)
            return
        self._feed(done.result(), dirty, most, room)

    def _feed(self, deliveries: Sequence[Delivery], dirty: Sequence[Lane], most: int, room: int) -> None:
        self._reading = False
        for delivery in deliveries:
            # Only what was read in order moves this: a timer that is due may stand behind a backlog not read yet.
            if (lane := self.lanes.get(delivery.lane)) is not None:
                lane.after = max(lane.after, delivery.position)
            self._take(delivery)
        if len(deliveries) >= room:
            self._mark(dirty)
        elif len(deliveries) >= most:
            counts = Counter(delivery.lane for delivery in deliveries)
            self._mark([lane for lane in dirty if counts[lane.lease.lane] >= most])
        self._runners.hand_out()
        if self._dirty:
            self.read()
        self._check_quiet()

    def _mark(self, lanes: Sequence[Lane]) -> None:
        """More may stand in the backlog of these."""
        for lane in lanes:
            number = lane.lease.lane
            if self.lanes.get(number) is lane:
                self._dirty[number] = lane

    def _take(self, delivery: Delivery) -> None:
        lane = self.lanes.get(delivery.lane)
        if lane is None or lane.lease.lost or self._stopping:
            self._unrun.settle(delivery, lane, Released())
            return
        # In a serial lane the mark is one cursor: what is held back must wait for its turn, or it would pass over others.
        if not self._serial and (name := lane.is_blocked(delivery)) is not None:
            self._unrun.settle(delivery, lane, Held(name))
            return
        strand = lane.strand_of(delivery)
        strand.items.append(delivery)
        self._loaded += 1
        if len(strand.items) == 1:
            self._runners.add(strand)

    # Running

    def _after(self, strand: Strand) -> None:
        if not strand.items or strand.lane.lease.lost:
            self._loaded -= len(strand.items)
            strand.items.clear()
            strand.lane.close(strand)
        if not self._stopping and self._loaded * 2 < self._prefetch:
            if self._dirty:
                self.read()
            self._due.room_again()

    async def _one(self, strand: Strand) -> None:
        lane, delivery = strand.lane, strand.items[0]
        strand.running = True
        try:
            if self._serial and (name := lane.is_blocked(delivery)) is not None:
                settlement: Settlement | None = await self._unrun.hold(delivery, lane, name)
            elif delivery.alone or (lane.careful and delivery.origin == "backlog"):
                settlement = await self._alone.run(delivery, lane)
            else:
                settlement = await self._work.perform(delivery, lane.lease, self.consumer.service)
        except Exception as error:
            settlement, text = None, "a delivery of %s could not be started or settled, its lane is read again: %s"
            log.warning(text, self.consumer.name, error, exc_info=not isinstance(error, StoreError))
        finally:
            strand.running = False
            self._loaded -= 1
            if strand.items and strand.items[0] is delivery:
                strand.items.popleft()
        self._follow(settlement, strand)
        if settlement is None and not lane.lease.lost:
            self._read_again(lane)

    def _read_again(self, lane: Lane) -> None:
        """What ran last may not be settled: nothing behind it may move the mark, so the lane changes hands."""
        if not self._stopping and self.leave(lane.lease) is not None:
            self.give_up(lane)

    def _follow(self, settlement: Settlement | None, strand: Strand) -> None:
        if type(settlement) is Done:
            return
        if isinstance(settlement, Again):
            self._due.plan(settlement.due)
        if isinstance(settlement, (Again, Buried)) and settlement.strand is not None:
            strand.lane.blocked.add(settlement.strand)
            if not self._serial:
                self._loaded -= self._unrun.hold_back(strand.lane, settlement.strand)

    def room(self) -> int:
        """How many more deliveries may be in hands."""
        return self._prefetch - self._loaded

    def leases(self) -> Mapping[int, Lease]:
        """The lanes that are held."""
        return {number: lane.lease for number, lane in self.lanes.items()}

    def take_due(self, deliveries: Sequence[Delivery]) -> None:
        """Exceptions whose time has come."""
        for delivery in deliveries:
            self._take(delivery)
        self._runners.hand_out()
        self._check_quiet()

    # Stopping

    def leave(self, lease: Lease) -> Lane | None:
        """Stop with a lane: what of it runs may end, nothing new begins until it was given. None if it is going already."""
        if lease in self._going:
            return None
        self._going.add(lease)
        lane = self.lanes.get(lease.lane)
        if lane is None or lane.lease is not lease:
            return Lane(lease, serial=self._serial, blocked=set(), careful=0)
        del self.lanes[lease.lane]
        self._dirty.pop(lease.lane, None)
        self._put_back(lane)
        return lane

    async def give(self, lane: Lane) -> None:
        """Give a lane that was left back as soon as nothing of it runs.

        Raises:
            StoreError: it could not be given back, and may be granted again.
        """
        try:
            if not lane.idle:
                lane.emptied = asyncio.get_running_loop().create_future()
                await lane.emptied
            if not lane.lease.lost:
                await self._store.release([lane.lease])
        finally:
            self._going.discard(lane.lease)

    async def stop(self, limit: float) -> None:
        """Take nothing new, put back what has not run, wait for what runs at most `limit` seconds, then cancel it."""
        self._stopping = True
        self._due.stop()
        for lane in self.lanes.values():
            self._put_back(lane)
        await self._runners.stop(limit)

    async def quiet(self) -> None:
        """Return when nothing is in hands and nothing is being read."""
        while not self.is_quiet:
            self._quiet = self._quiet or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._quiet)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is in hands and nothing is being read."""
        return not (self._loaded or self._reading or self._due.reading or self._runners.waiting or self._dirty)

    def _check_quiet(self) -> None:
        if self._quiet is not None and self.is_quiet:
            if not self._quiet.done():
                self._quiet.set_result(None)
            self._quiet = None

    def _put_back(self, lane: Lane) -> None:
        for delivery in lane.waiting():
            self._unrun.settle(delivery, lane, Released())
        self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        for strand in list(lane.strands.values()):
            kept = list(strand.items)[:1] if strand.running else []
            self._loaded -= len(strand.items) - len(kept)
            strand.items = deque(kept)
            if not kept:
                lane.close(strand)
                self._runners.discard(strand)
