"""Unrun: settles what was claimed and is not run: put back as it was, or held back behind a failure."""

import asyncio
import logging
from collections.abc import Callable

from tense.errors import TenseError
from tense.messages.settlement import LANE, Held, Settlement
from tense.ports.delivery import Delivery
from tense.ports.store import Store
from tense.runtime.lane import Lane

log = logging.getLogger("tense")


class Unrun:
    """Settles without running. Where that fails, `read_again` is told the lane: it must be read from what is committed."""

    def __init__(self, store: Store, read_again: Callable[[Lane], None]) -> None:
        self._store = store
        self._read_again = read_again

    def settle(self, delivery: Delivery, lane: Lane | None, settlement: Settlement) -> None:
        """Put back or hold back, without waiting."""
        if lane is None or lane.lease.lost:
            return
        try:
            waiting = self._store.unit(delivery, lane.lease).finish(settlement, ())
        except TenseError as error:
            log.debug("put back or held back too late: %s", error)
            return
        if isinstance(settlement, Held):
            lane.blocked.add(settlement.strand)
        if waiting is not None:
            waiting.add_done_callback(lambda done: self._settled(done, lane, settlement))

    async def hold(self, delivery: Delivery, lane: Lane, name: str) -> Settlement:
        """Hold back what stands first in its lane, behind a strand.

        Raises:
            StoreError: it could not be written.
        """
        held = Held(name)
        waiting = self._store.unit(delivery, lane.lease).finish(held, ())
        if waiting is not None:
            await waiting
        # What it waits for may be through meanwhile; those behind it wait for this one now.
        lane.blocked.add(name)
        return held

    def hold_back(self, lane: Lane, name: str) -> int:
        """Hold back what of a strand is in hands and not started; how many these were."""
        count = 0
        for strand in lane.strands.values():
            kept = list(strand.items)[:1] if strand.runner else []
            for delivery in list(strand.items)[len(kept) :]:
                if delivery.origin == "backlog" and (name in (LANE, delivery.metadata.partitionkey)):
                    self.settle(delivery, lane, Held(name))
                    count += 1
                else:
                    kept.append(delivery)
            strand.items = kept
        return count

    def _settled(self, done: "asyncio.Future[None]", lane: Lane, settlement: Settlement) -> None:
        if done.cancelled() or (error := done.exception()) is None:
            if isinstance(settlement, Held):
                lane.blocked.add(settlement.strand)
            return
        log.debug("put back or held back too late: %s", error)
        if not lane.lease.lost:
            self._read_again(lane)
