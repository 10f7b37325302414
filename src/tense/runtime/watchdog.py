"""Watchdog: looks now and then at who has run for too long, instead of a timer for each message."""

import asyncio
import math

from tense.ports.clock import Clock, Timer


class Watch:
    """One run under observation."""

    __slots__ = ("limit", "overdue", "since", "task")

    def __init__(self, task: "asyncio.Task[object]", since: float, limit: float) -> None:
        self.task = task
        self.since = since
        self.limit = limit
        self.overdue = False


class Watchdog:
    """Cancels runs that outlast their limit. It looks every `interval` seconds while something is watched."""

    def __init__(self, clock: Clock, interval: float = 0.05) -> None:
        self._clock = clock
        self._interval = interval
        self._watches: set[Watch] = set()
        self._timer: Timer | None = None

    def begin(self, task: "asyncio.Task[object]", limit: float | None) -> Watch:
        """Watch a task from now; `limit` in seconds, None for no limit."""
        watch = Watch(task, self._clock.elapsed(), math.inf if limit is None else limit)
        self._watches.add(watch)
        if self._timer is None:
            self._timer = self._clock.call_later(self._interval, self._look)
        return watch

    def end(self, watch: Watch) -> None:
        """It ended by itself."""
        self._watches.discard(watch)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self._clock.elapsed()
        for watch in self._watches:
            if not watch.overdue and now - watch.since > watch.limit:
                watch.overdue = True
                watch.task.cancel()
        if self._watches:
            self._timer = self._clock.call_later(self._interval, self._look)
