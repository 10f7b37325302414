"""Consumer: reads one inbox or subscription, lane by lane, and keeps its runners busy."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from tense.errors import StoreError
from tense.messages.settlement import Again, Buried, Done, Settlement
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.spawn import Spawn
from tense.ports.store import Store
from tense.runtime.alone import CAREFUL, Alone
from tense.runtime.backlog import BacklogReader
from tense.runtime.due import DueReader
from tense.runtime.lane import Lane, Strand
from tense.runtime.putback import put_back
from tense.runtime.runners import Runners
from tense.runtime.unrun import Unrun
from tense.runtime.work import Work

log = logging.getLogger("tense")


class ConsumerLoop:
    """Runs the deliveries of one consumer, at most `concurrency` at once.

    Memory is bounded: at most 512 messages (four times `concurrency`, if that is more, up to 1024) are in hands,
    whatever the backlog. A claim costs a commit, so it should be worth one: see `wants_more`.
    """

    def __init__(
        self, consumer: Consumer, store: Store, work: Work, seams: tuple[Clock, Spawn], concurrency: int
    ) -> None:
        self.consumer = consumer
        self.lanes: dict[int, Lane] = {}
        self._store = store
        self._work = work
        self._clock, self._spawn = seams
        self._prefetch = min(1024, max(256, 4 * concurrency))
        self._serial = consumer.kind == "subscription"
        self._runners = Runners(self._spawn, consumer.name, concurrency, self._one)
        self._runners.after = self._after
        self._runners.resting = self.check_quiet
        self._loaded = 0
        self._stopping = False
        self._backlog = BacklogReader(consumer, store, self._clock, self)
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
            if (before := self.lanes.get(lease.lane)) is not None:
                # The store says that somebody else begins there: so much for what was taken under the other lease.
                self.lost(before.lease)
            lane = self.lanes[lease.lane] = Lane(lease, serial=self._serial, blocked=blocked, careful=careful)
            self._backlog.mark(lane)
        self._due.look(anew=bool(fresh))
        self._backlog.read()

    def arrived(self, number: int) -> None:
        """Something new stands in a lane's backlog (-1: in any)."""
        if number < 0:
            self._backlog.mark(*self.lanes.values())
        elif (lane := self.lanes.get(number)) is not None:
            self._backlog.mark(lane)
        else:
            return
        self._backlog.read()

    def offer(self, delivery: Delivery) -> bool:
        """Begin a command at once that was accepted just now; False if it must wait for others."""
        lane = self.lanes.get(delivery.lane)
        if lane is None or lane.strands or lane.blocked or self._backlog.reading or self._backlog.lanes:
            return False
        if self._stopping:
            return False
        self._loaded += 1
        if self._runners.begin(lane, delivery):
            return True
        self._loaded -= 1
        return False

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
            self._backlog.forget(lane)
            self._drop(lane)

    def holds(self, lane: Lane) -> bool:
        """Whether a lane is still ours."""
        return self.lanes.get(lane.lease.lane) is lane

    def take_read(self, deliveries: Sequence[Delivery]) -> None:
        """What stood next in the lanes."""
        for delivery in deliveries:
            # Only what was read in order moves this: a timer that is due may stand behind a backlog not read yet.
            if (lane := self.lanes.get(delivery.lane)) is not None:
                lane.after = max(lane.after, delivery.position)
            self._take(delivery)
        self._runners.hand_out()

    def _take(self, delivery: Delivery) -> None:
        lane = self.lanes.get(delivery.lane)
        if lane is None:
            return
        if lane.lease.lost or self._stopping:
            put_back(self._store, delivery, lane.lease)
            return
        # In a serial lane the mark is one cursor: what is held back must wait for its turn, or it would pass over others.
        if not self._serial and (name := lane.is_blocked(delivery)) is not None:
            self._unrun.settle(delivery, lane, name)
            return
        strand = lane.strand_of(delivery)
        strand.items.append(delivery)
        self._loaded += 1
        if len(strand.items) == 1:
            self._runners.add(strand)

    # Running

    def _after(self, strand: Strand) -> None:
        if strand.items and strand.lane.lease.lost:
            self._loaded -= len(strand.items)
            strand.items.clear()
        if not strand.items and strand.lane.strands:
            strand.lane.close(strand)
        # A runner of a subscription has nothing to do only where a lane ran dry, for each lane has one.
        if not self._serial or not strand.lane.strands or self._is_low:
            self._read_on()

    def _read_on(self) -> None:
        if not (self._backlog.lanes or self._due.put_off) or self._stopping or not self.wants_more():
            return
        if self._backlog.lanes:
            self._backlog.read()
        if self._due.put_off:
            self._due.room_again()

    async def _one(self, strand: Strand) -> None:
        lane, delivery, runner = strand.lane, strand.items[0], strand.runner
        assert runner is not None
        try:
            if self._serial and (name := lane.is_blocked(delivery)) is not None:
                settlement: Settlement | None = await self._unrun.hold(delivery, lane, name)
            elif delivery.alone or (lane.careful and delivery.origin == "backlog"):
                settlement = await self._alone.run(delivery, lane, runner)
            else:
                settlement = await self._work.perform(delivery, lane.lease, self.consumer.service, runner)
        except Exception as error:
            settlement, text = None, "a delivery of %s could not be started or settled, its lane is read again: %s"
            log.warning(text, self.consumer.name, error, exc_info=not isinstance(error, StoreError))
        finally:
            strand.runner = None
            self._loaded -= 1
            if strand.items and strand.items[0] is delivery:
                strand.items.pop(0)
        if type(settlement) is Done:
            return
        self._follow(settlement, strand)
        if settlement is None and not lane.lease.lost:
            self._read_again(lane)

    def _read_again(self, lane: Lane) -> None:
        """What ran last may not be settled: nothing behind it may move the mark, so the lane changes hands."""
        if not self._stopping and self.leave(lane.lease) is not None:
            self.give_up(lane)

    def _follow(self, settlement: Settlement | None, strand: Strand) -> None:
        if isinstance(settlement, Again):
            self._due.plan(settlement.due)
        if isinstance(settlement, (Again, Buried)) and settlement.strand is not None:
            strand.lane.blocked.add(settlement.strand)
            if not self._serial:
                self._loaded -= self._unrun.hold_back(strand.lane, settlement.strand)

    def room(self) -> int:
        """How many more deliveries may be in hands."""
        return self._prefetch - self._loaded

    def wants_more(self) -> bool:
        """Whether less than half of that is in hands; or less than 7/8, and a runner (or a subscription's lane) would rest."""
        has_room = self._loaded * 8 < self._prefetch * 7
        if self._serial:
            return self._is_low or (has_room and any(not lane.strands for lane in self._backlog.lanes.values()))
        return self._is_low or (has_room and self._runners.would_rest)

    @property
    def _is_low(self) -> bool:
        return self._loaded * 2 < self._prefetch

    def leases(self) -> Mapping[int, Lease]:
        """The lanes that are held."""
        return {number: lane.lease for number, lane in self.lanes.items()}

    def take_due(self, deliveries: Sequence[Delivery]) -> None:
        """Exceptions whose time has come."""
        for delivery in deliveries:
            self._take(delivery)
        self._runners.hand_out()
        self.check_quiet()

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
        self._backlog.forget(lane)
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
        self._backlog.stop()
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
        return not (
            self._loaded or self._backlog.reading or self._due.reading or self._runners.waiting or self._backlog.lanes
        )

    def check_quiet(self) -> None:
        """Tell who waits for it that nothing is in hands, if that is so."""
        if self._quiet is not None and self.is_quiet:
            if not self._quiet.done():
                self._quiet.set_result(None)
            self._quiet = None

    def _put_back(self, lane: Lane) -> None:
        for delivery in lane.waiting():
            put_back(self._store, delivery, lane.lease)
        self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        for strand in list(lane.strands.values()):
            kept = list(strand.items)[:1] if strand.runner else []
            self._loaded -= len(strand.items) - len(kept)
            strand.items = kept
            if not kept:
                lane.close(strand)
                self._runners.discard(strand)
        self._read_on()
