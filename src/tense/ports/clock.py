"""Clock: the only source of time. Nothing above asks the system."""

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Forget it. After it ran, or a second time, this does nothing."""
        ...


class Clock(Protocol):
    """Tells the time and calls when it comes. A handler may ask for it by this name."""

    def now(self) -> float:
        """Seconds since the epoch, UTC. May step when the system's clock is set."""
        ...

    def elapsed(self) -> float:
        """Seconds since an arbitrary start; never goes back. For durations."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call once, `delay` seconds from now, on the loop's thread. Never early."""
        ...

    async def sleep(self, delay: float) -> None:
        """Return after `delay` seconds."""
        ...
