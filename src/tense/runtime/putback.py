"""Put back: what was handed out and is not run, for its lane is left or the worker stops, is as if it never was."""

import asyncio
import logging

from tense.errors import TenseError
from tense.messages.settlement import Released
from tense.ports.delivery import Delivery, Lease
from tense.ports.store import Units

log = logging.getLogger("tense")


def put_back(store: Units, delivery: Delivery, lease: Lease) -> None:
    """Settle it as released, without waiting; where the lease is lost nothing of it is in hands anyway."""
    if lease.lost:
        return
    try:
        waiting = store.unit(delivery, lease).finish(Released(), ())
    except TenseError as error:
        log.debug("put back too late: %s", error)
        return
    if waiting is not None:
        waiting.add_done_callback(_told)


def _told(done: "asyncio.Future[None]") -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.debug("put back too late: %s", error)
