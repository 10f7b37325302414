"""Deadlines: cancels futures whose time is up, with one timer for all that wait equally long."""

import asyncio
from typing import Any

from tense.ports.clock import Clock, Timer

ROUNDING = 1e-5
"""Seconds by which a timer may come too early."""


class Deadlines:
    """Futures that are cancelled when they are not done in time.

    Who waits equally long runs out of time in the order of asking, so only the first needs a timer. A timer stays when
    nobody waits any more, if the same time was asked for twice in a row: it will be asked for again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[float, dict[asyncio.Future[Any], float]] = {}
        self._timers: dict[float, Timer] = {}
        self._usual = -1.0

    def add(self, future: "asyncio.Future[Any]", seconds: float) -> None:
        """Cancel a future in so many seconds, unless it is removed before."""
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = {}
            self._timers[seconds] = self._clock.call_later(seconds, lambda: self._look(seconds))
        queue[future] = self._clock.elapsed() + seconds

    def remove(self, future: "asyncio.Future[Any]", seconds: float) -> None:
        """Forget a future; not to be forgotten twice."""
        queue = self._queues.get(seconds)
        if queue is None:
            return
        queue.pop(future, None)
        if not queue and seconds != self._usual:
            self._drop(seconds)
            self._usual = seconds

    def stop(self) -> None:
        """Look no more for those that nobody waits for."""
        for seconds in [seconds for seconds, queue in self._queues.items() if not queue]:
            self._drop(seconds)

    def _drop(self, seconds: float) -> None:
        del self._queues[seconds]
        self._timers.pop(seconds).cancel()

    def _look(self, seconds: float) -> None:
        queue, now = self._queues[seconds], self._clock.elapsed()
        late = []
        for future, at in queue.items():
            if at > now + ROUNDING:
                self._timers[seconds] = self._clock.call_later(at - now, lambda: self._look(seconds))
                break
            late.append(future)
        for future in late:
            del queue[future]
            future.cancel()
        if not queue:
            self._drop(seconds)
