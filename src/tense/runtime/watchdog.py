"""Watchdog: looks now and then at who has run for too long, instead of a timer for each message."""

import math

from tense.ports.clock import Clock, Timer
from tense.ports.delivery import Lease
from tense.runtime.runner import Runner


class Watchdog:
    """Cancels runs that outlast their limit or lost their lease. It looks every `interval` seconds while one is watched."""

    def __init__(self, clock: Clock, interval: float = 0.05) -> None:
        self._clock = clock
        self._elapsed = clock.elapsed
        self._interval = interval
        self._runners: list[Runner] = []
        self._timer: Timer | None = None

    def begin(self, runner: Runner, lease: Lease, limit: float | None) -> None:
        """Watch what a runner runs from now, until it has no lease; `limit` in seconds, None for no limit."""
        runner.since, runner.lease = self._elapsed(), lease
        runner.limit = math.inf if limit is None else limit
        # A thread that outlasted its limit ended by itself: what was noted of it is not for the next.
        runner.overdue = runner.lost = False
        if not runner.watched:
            runner.watched = True
            self._runners.append(runner)
        if self._timer is None:
            self._timer = self._clock.call_later(self._interval, self._look)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        now = self._elapsed()
        self._runners = [runner for runner in self._runners if not runner.task.done()]
        busy = [runner for runner in self._runners if runner.lease is not None]
        for runner in busy:
            if runner.overdue or runner.lost:
                continue
            runner.lost = runner.lease is not None and runner.lease.lost
            runner.overdue = not runner.lost and now - runner.since > runner.limit
            if runner.overdue or runner.lost:
                runner.task.cancel()
        if busy:
            self._timer = self._clock.call_later(self._interval, self._look)
