"""The real world behind the seams: the system's clock, randomness, tasks and threads."""

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from typing_extensions import TypeVar

from tense.ports.clock import Timer

T = TypeVar("T")

log = logging.getLogger("tense")


class SystemClock:
    """The system's time, and the running loop's timers."""

    now = staticmethod(time.time)
    elapsed = staticmethod(time.monotonic)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call on the running loop, `delay` seconds from now."""
        return asyncio.get_running_loop().call_later(max(0.0, delay), callback)

    async def sleep(self, delay: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(delay)


class SystemChance:
    """UUIDv7 ids (RFC 9562, section 5.7) and random figures.

    Within a process ids are strictly growing: 48 bits of milliseconds, a counter of 26 bits that begins anywhere in
    the lower half at each new millisecond, 48 random bits.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._fast = random.Random(os.urandom(16))  # noqa: S311 - ids are names and no secrets
        self._last = 0
        self._counter = 0

    def new_id(self) -> str:
        """A fresh UUIDv7 in text."""
        millis = int(self._now() * 1000)
        if millis <= self._last:
            millis = self._last
            self._counter += 1
            if self._counter >> 26:
                millis += 1
                self._counter = self._fast.getrandbits(25)
        else:
            self._counter = self._fast.getrandbits(25)
        self._last = millis
        high, low = self._counter >> 14, self._counter & 0x3FFF
        text = f"{millis:012x}7{high:03x}{0x8000 | low:04x}{self._fast.getrandbits(48):012x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def random(self) -> float:
        """A figure in [0, 1)."""
        return self._fast.random()


class SystemSpawn:
    """Tasks on the running loop, kept until they end; threads in a bounded pool."""

    def __init__(self, threads: int = 16) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._threads = threads

    def task(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Run a coroutine beside the caller."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def thread(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Run a blocking function in the pool."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="tense-handler")
        return asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let the pool's threads end; running ones are not waited for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the task %s ended with an error", task.get_name(), exc_info=error)
