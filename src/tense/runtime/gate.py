"""Gate: refuses commands early when a service has too many waiting. Events only lag."""

from tense.errors import Busy
from tense.ports.clock import Clock
from tense.ports.store import Store

LOOK_EVERY = 0.5
"""Seconds for which a look at a backlog counts; between two looks it may grow beyond the limit."""


class Gate:
    """Knows how much waits in each inbox, as of the last look. `open` says that there is no limit to check."""

    def __init__(self, store: Store, clock: Clock, limit: int | None) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit
        self.open = limit is None
        self._looks: dict[str, tuple[float, int]] = {}

    async def check(self, service: str) -> None:
        """Let a command through.

        Raises:
            Busy: the service has the limit or more waiting; nothing was accepted.
        """
        if self._limit is None:
            return
        now = self._clock.elapsed()
        at, waiting = self._looks.get(service, (-LOOK_EVERY, 0))
        if now - at >= LOOK_EVERY:
            waiting = await self._store.waiting(service, self._limit)
            self._looks[service] = (now, waiting)
        if waiting >= self._limit:
            raise Busy(service, waiting, retry_after=LOOK_EVERY)
