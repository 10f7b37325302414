"""HandClock: time that moves only when a test winds it."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import timedelta
from itertools import count

ROUNDS = 64
"""How often the loop turns at most after each timer, so that what the timer woke can act before the next one."""


class HandTimer:
    """A call that is due later."""

    __slots__ = ("at", "callback")

    def __init__(self, at: float, callback: Callable[[], object]) -> None:
        self.at = at
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Forget it. After it ran, or a second time, this does nothing."""
        self.callback = None


class HandClock:
    """A `Clock` that stands still until it is wound; timers run in the order in which they are due.

    `start` is the moment it shows at first, in seconds since the epoch.
    """

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self._start = start
        self._now = start
        self._order = count()
        self._timers: list[tuple[float, int, HandTimer]] = []

    def now(self) -> float:
        """Seconds since the epoch, as wound."""
        return self._now

    def elapsed(self) -> float:
        """Seconds since this clock was made, as wound."""
        return self._now - self._start

    def call_later(self, delay: float, callback: Callable[[], object]) -> HandTimer:
        """Call once, when the clock is wound to `delay` seconds from now or beyond."""
        timer = HandTimer(self._now + max(0.0, delay), callback)
        heapq.heappush(self._timers, (timer.at, next(self._order), timer))
        return timer

    async def sleep(self, delay: float) -> None:
        """Return when the clock is wound to `delay` seconds from now or beyond; at once if that is now."""
        if delay <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(delay, lambda: _wake(woken))
        try:
            await woken
        finally:
            timer.cancel()

    def advance(self, span: float | timedelta) -> None:
        """Move the time on (seconds or a timedelta) and run every timer that is due, without turning the loop."""
        until = self._now + _seconds(span)
        while (timer := self._next(until)) is not None:
            self._run(timer)
        self._now = until

    async def wind(self, span: float | timedelta) -> None:
        """As `advance`, but after each timer the loop turns until what the timer woke has come to rest."""
        until = self._now + _seconds(span)
        await settled()
        while (timer := self._next(until)) is not None:
            self._run(timer)
            await settled()
        self._now = until
        await settled()

    def until_next(self) -> float | None:
        """Seconds until the next timer is due; None if there is none."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - self._now) if self._timers else None

    def _next(self, until: float) -> HandTimer | None:
        while self._timers and self._timers[0][0] <= until:
            timer = heapq.heappop(self._timers)[2]
            if timer.callback is not None:
                return timer
        return None

    def _run(self, timer: HandTimer) -> None:
        self._now = max(self._now, timer.at)
        callback, timer.callback = timer.callback, None
        if callback is not None:
            callback()


async def settled() -> None:
    """Let the loop turn, so that every task that can go on does."""
    # The standard loop keeps what can go on in `_ready`; another loop is turned as often as it takes at most.
    ready = getattr(asyncio.get_running_loop(), "_ready", (True,))
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
        if not ready:
            return


def _wake(sleeper: "asyncio.Future[None]") -> None:
    if not sleeper.done():
        sleeper.set_result(None)


def _seconds(span: float | timedelta) -> float:
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if seconds < 0:
        text = f"time goes on, never back: got {seconds:g} s"
        raise ValueError(text)
    return seconds
