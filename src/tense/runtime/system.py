"""The real world behind the seams: the system's clock, randomness, tasks and threads."""

import asyncio
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from typing_extensions import TypeVar

from tense.ports.clock import Timer

T = TypeVar("T")

log = logging.getLogger("tense")


VARIANT = 0x8000
"""The two bits that say RFC 9562, before the lower 14 bits of an id's counter."""

HEX = [f"{number:02x}" for number in range(256)]
"""Bytes as they are written in an id."""

LOW, HIGH = 0xBFFF, 0xFFF
"""The ends of the counter's lower part, with its variant, and of its upper one."""


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

    Within a process ids are strictly growing: 48 bits of milliseconds and a counter of 26 bits, which begins anywhere
    in the lower half at each new millisecond; the last 48 bits are drawn anew with it.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._fast = random.Random(os.urandom(16))  # noqa: S311 - ids are names and no secrets
        self._last = 0
        self._high = 0
        self._low = LOW
        self._prefix = ""
        self._suffix = ""

    def new_id(self) -> str:
        """A fresh UUIDv7 in text."""
        millis = int(self._now() * 1000)
        if millis > self._last:
            self._begin(millis)
        elif self._low == LOW:
            self._carry()
        else:
            self._low += 1
        return f"{self._prefix}{HEX[self._low >> 8]}{HEX[self._low & 0xFF]}{self._suffix}"

    def _begin(self, millis: int) -> None:
        """A new millisecond."""
        self._last = millis
        self._high, self._low = self._fast.getrandbits(11), VARIANT | self._fast.getrandbits(14)
        self._suffix = f"-{self._fast.getrandbits(48):012x}"
        self._prefix = f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7{self._high:03x}-"

    def _carry(self) -> None:
        """The lower 14 bits of the counter are used up."""
        if self._high == HIGH:
            self._begin(self._last + 1)
            return
        self._high, self._low = self._high + 1, VARIANT
        self._prefix = f"{self._prefix[:15]}{self._high:03x}-"

    def random(self) -> float:
        """A figure in [0, 1)."""
        return self._fast.random()


class ThreadAside:
    """One thread and a queue: half the price of a hop to a pool."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[tuple[Callable[[], None], Callable[[BaseException | None], None]] | None] = (
            SimpleQueue()
        )
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Callable[[], None], done: Callable[[BaseException | None], None]) -> None:
        """Run a function there and tell the loop."""
        self._jobs.put((work, done))

    def close(self) -> None:
        """End when what was given so far has run."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, done = job
            error: BaseException | None = None
            try:
                work()
            except BaseException as raised:  # noqa: BLE001 - handed to the loop, whatever it is
                error = raised
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(done, error)


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

    def aside(self, name: str) -> "ThreadAside":
        """A thread of its own."""
        return ThreadAside(name)

    def close(self) -> None:
        """Let the pool's threads end; running ones are not waited for."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the task %s ended with an error", task.get_name(), exc_info=error)
