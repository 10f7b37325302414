"""Watches how long a turn is kept, for everybody's commit waits for it."""

import logging

from tense.adapters.stores.sqlite.hooks import Holder
from tense.ports.clock import Clock, Timer

log = logging.getLogger("tense")

LIMIT = 5.0
"""Seconds after which a turn is taken away."""

LOOK_EVERY = 1.0
"""Seconds between two looks, and after which a turn is reported."""


class TurnWatch:
    """Reports a turn that is kept for long, and at the limit takes it away."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._holder: Holder | None = None
        self._since = 0.0
        self._timer: Timer | None = None

    def begin(self, holder: Holder) -> None:
        """A turn begins."""
        self._holder = holder
        self._since = self._clock.elapsed()
        if self._timer is None:
            self._timer = self._clock.call_later(LOOK_EVERY, self._look)

    def end(self) -> None:
        """It ended by itself."""
        self._holder = None

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        holder = self._holder
        if holder is None:
            return
        took = self._clock.elapsed() - self._since
        if took > LIMIT:
            holder.revoke(f"kept the database's turn for {took:.1f} s; the limit is {LIMIT:g} s")
        elif took > LOOK_EVERY:
            log.warning("%s has kept the database's turn for %.1f s: everybody waits for it", holder, took)
        self._timer = self._clock.call_later(LOOK_EVERY, self._look)
