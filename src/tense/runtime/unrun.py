"""Unrun: settles what was claimed and is not run, for it is held back behind a failure."""

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

    def settle(self, delivery: Delivery, lane: Lane, name: str) -> None:
        """Hold back behind a strand, without waiting."""
        if lane.lease.lost:
            return
        try:
            waiting = self._store.unit(delivery, lane.lease).finish(Held(name), ())
        except TenseError as error:
            log.debug("held back too late: %s", error)
            return
        lane.blocked.add(name)
        if waiting is not None:
            waiting.add_done_callback(lambda done: self._settled(done, lane, name))

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
                    self.settle(delivery, lane, name)
                    count += 1
                else:
                    kept.append(delivery)
            strand.items = kept
        return count

    def _settled(self, done: "asyncio.Future[None]", lane: Lane, name: str) -> None:
        if done.cancelled() or (error := done.exception()) is None:
            lane.blocked.add(name)
            return
        log.debug("held back too late: %s", error)
        if not lane.lease.lost:
            self._read_again(lane)
