"""Backlog: reads what stands in the lanes, in order, and never more than one read under way."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from tense.ports.clock import Clock
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer
from tense.ports.store import Store, Want
from tense.runtime.due import RETRY_READ
from tense.runtime.lane import Lane
from tense.runtime.putback import put_back

log = logging.getLogger("tense")


class Taker(Protocol):
    """Who reads, and takes what was read."""

    def room(self) -> int:
        """How many more deliveries may be in hands."""
        ...

    def wants_more(self) -> bool:
        """Whether another read is worth its commit already."""
        ...

    def holds(self, lane: Lane) -> bool:
        """Whether a lane is still ours."""
        ...

    def take_read(self, deliveries: Sequence[Delivery]) -> None:
        """What stood next in the lanes, as far as they are still ours."""
        ...

    def check_quiet(self) -> None:
        """A read is over."""
        ...


class BacklogReader:
    """Reads the lanes in which something may stand. `lanes` are those marked so, `reading` says that a read is under way."""

    def __init__(self, consumer: Consumer, store: Store, clock: Clock, taker: Taker) -> None:
        self.lanes: dict[int, Lane] = {}
        self.reading = False
        self._consumer = consumer
        self._store = store
        self._clock = clock
        self._taker = taker
        self._stopped = False

    def mark(self, *lanes: Lane) -> None:
        """Something may stand in these."""
        for lane in lanes:
            self.lanes[lane.lease.lane] = lane

    def forget(self, lane: Lane) -> None:
        """A lane is not ours any more."""
        if self.lanes.get(lane.lease.lane) is lane:
            del self.lanes[lane.lease.lane]

    def stop(self) -> None:
        """Read nothing more."""
        self._stopped = True

    def read(self) -> None:
        """Ask the store for more, if there is room and something may be there."""
        room = self._taker.room()
        if self.reading or self._stopped or room <= 0 or not self.lanes:
            return
        # Who is behind comes first: if there is not room for all, it is those ahead who go short.
        lanes = sorted((lane for lane in self.lanes.values() if not lane.lease.lost), key=lambda lane: lane.after)
        self.lanes.clear()
        if not lanes:
            return
        wanted = _wanted(lanes, room)
        self.reading = True
        got = self._store.claim(self._consumer, wanted, room)
        if isinstance(got, asyncio.Future):
            got.add_done_callback(lambda done: self._got(done, lanes, wanted, room))
        else:
            self._feed(got, lanes, wanted, room)

    def _got(
        self, done: "asyncio.Future[Sequence[Delivery]]", lanes: Sequence[Lane], wanted: Sequence[Want], room: int
    ) -> None:
        if done.cancelled():
            self.reading = False
        elif (error := done.exception()) is not None:
            self.reading = False
            self._mark_again(lanes)
            log.warning("%s cannot read its backlog, tries again: %s", self._consumer.name, error)
            if not self._stopped:
                self._clock.call_later(RETRY_READ, self.read)
        else:
            self._feed(done.result(), lanes, wanted, room)

    def _feed(self, deliveries: Sequence[Delivery], lanes: Sequence[Lane], wanted: Sequence[Want], room: int) -> None:
        if len(deliveries) >= room:
            self._mark_again(lanes)
        elif deliveries:
            counts = Counter(delivery.lane for delivery in deliveries)
            more = [counts[want.lease.lane] >= want.most for want in wanted]
            self._mark_again([lane for lane, stands in zip(lanes, more, strict=True) if stands])
        try:
            # Not read again before it is known how far each lane is read.
            self._taker.take_read(self._still_ours(deliveries, lanes))
        finally:
            self.reading = False
        if self.lanes and self._taker.wants_more():
            self.read()
        self._taker.check_quiet()

    def _still_ours(self, deliveries: Sequence[Delivery], lanes: Sequence[Lane]) -> Sequence[Delivery]:
        """A lane may have been left or taken anew while it was read: its next one begins with what stands first in it."""
        gone = {lane.lease.lane: lane.lease for lane in lanes if not self._taker.holds(lane)}
        for delivery in deliveries if gone else ():
            if (lease := gone.get(delivery.lane)) is not None:
                put_back(self._store, delivery, lease)
        return [delivery for delivery in deliveries if delivery.lane not in gone] if gone else deliveries

    def _mark_again(self, lanes: Sequence[Lane]) -> None:
        """More may stand in these, as far as they are still ours."""
        self.mark(*filter(self._taker.holds, lanes))


def _wanted(lanes: Sequence[Lane], room: int) -> Sequence[Want]:
    """How much to read of each of these lanes, which stand in order: more of those behind, less of those ahead.

    Lanes that are read in step leave marks side by side, and a commit writes few pages of a store instead of many. Who is
    far behind, for its messages take long, does not hold the others: those still have half of their share.
    """
    share = max(1, room // len(lanes))
    middle = lanes[len(lanes) // 2].after
    return [Want(lane.lease, lane.after, _part(share, lane.after - middle)) for lane in lanes]


def _part(share: int, ahead: int) -> int:
    if ahead == 0:
        return share
    return max(1, share // 2) if ahead > 0 else share + share // 2
