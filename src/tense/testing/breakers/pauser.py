"""A paused process: it holds everything it had, hears nothing, and believes afterwards that no time has passed."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress


@contextmanager
def paused(pid: int) -> Generator[None]:
    """While within, the process stands still (SIGSTOP); afterwards it goes on (SIGCONT), if it is still there."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
