"""Aside: puts back or holds back what is not to run now."""

import asyncio
import logging

from tense.errors import TenseError
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery
from tense.ports.store import Store
from tense.runtime.lane import Lane

log = logging.getLogger("tense")


class Aside:
    """Settles deliveries that were not started. If their lane is lost meanwhile, that is another worker's matter."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def settle(self, delivery: Delivery, lane: Lane | None, settlement: Settlement) -> None:
        """Write how it stands now; nothing waits for it."""
        if lane is None or lane.lease.lost:
            return
        try:
            waiting = self._store.unit(delivery, lane.lease).finish(settlement, ())
        except TenseError as error:
            log.debug("put back or held back too late: %s", error)
            return
        if waiting is not None:
            waiting.add_done_callback(_ignore_loss)


def _ignore_loss(done: "asyncio.Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.debug("put back or held back too late: %s", error)
