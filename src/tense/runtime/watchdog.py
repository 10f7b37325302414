"""Watchdog: looks now and then at who has run for too long, instead of a timer for each message."""

import asyncio
import math

from tense.ports.clock import Clock, Timer
from tense.ports.delivery import Lease


class Watch:
    """One run under observation."""

    __slots__ = ("lease", "limit", "lost", "overdue", "since", "task")

    def __init__(self, task: "asyncio.Task[object]", lease: Lease, since: float, limit: float) -> None:
        self.task = task
        self.lease = lease
        self.since = since
        self.limit = limit
        self.overdue = False
        self.lost = False


class Watchdog:
    """Cancels runs that outlast their limit or lost their lease. It looks every `interval` seconds while one is watched."""

    def __init__(self, clock: Clock, interval: float = 0.05) -> None:
        self._clock = clock
        self._interval = interval
        self._watches: dict[Watch, None] = {}
        self._timer: Timer | None = None

    def begin(self, task: "asyncio.Task[object]", lease: Lease, limit: float | None) -> Watch:
        """Watch a task from now; `limit` in seconds, None for no limit."""
        watch = Watch(task, lease, self._clock.elapsed(), math.inf if limit is None else limit)
        self._watches[watch] = None
        if self._timer is None:
            self._timer = self._clock.call_later(self._interval, self._look)
        return watch

    def end(self, watch: Watch) -> None:
        """It ended by itself."""
        self._watches.pop(watch, None)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self._clock.elapsed()
        for watch in self._watches:
            if watch.overdue or watch.lost:
                continue
            watch.lost = watch.lease.lost
            watch.overdue = not watch.lost and now - watch.since > watch.limit
            if watch.overdue or watch.lost:
                watch.task.cancel()
        if self._watches:
            self._timer = self._clock.call_later(self._interval, self._look)
