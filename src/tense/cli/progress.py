"""A line on the terminal that shows how far a long reading is; nothing where nobody looks."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tense.topology.reader import Step, no_step

_AFTER = 0.4
_EVERY = 0.1
_WIDTH = 24


@contextmanager
def shown_progress() -> Iterator[Step]:
    """Give a step function that draws a bar on standard error once reading takes a while, and wipes it in the end."""
    if not sys.stderr.isatty():
        yield no_step
        return
    began = drawn = time.monotonic()

    def step(done: int, of: int, _file: str) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - began > _AFTER and now - drawn > _EVERY:
            drawn = now
            filled = _WIDTH * done // max(of, 1)
            bar = "#" * filled + "." * (_WIDTH - filled)
            sys.stderr.write(f"\r[{bar}] {done} of {of} files")
            sys.stderr.flush()

    try:
        yield step
    finally:
        if drawn != began:
            sys.stderr.write("\r\x1b[K")
