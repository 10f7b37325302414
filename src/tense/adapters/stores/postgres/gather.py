"""Gather: whatever waits goes together, in order of asking."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic

from typing_extensions import TypeVar

from tense.adapters.stores.postgres.core import Core

T = TypeVar("T")

MOST = 500
"""How many go in one round at most."""

Entry = tuple[T, "asyncio.Future[Any]"]


class Gather(Generic[T]):
    """Collects requests while a round is under way and hands them to the next one.

    No timer: a lone request goes at once, and the more come, the more go together. `flush` ends every future it is
    given; one that it leaves open ends with the error that flush raised.
    """

    def __init__(self, core: Core, name: str, flush: "Callable[[Sequence[Entry[T]]], Awaitable[None]]") -> None:
        self._core = core
        self._name = name
        self._flush = flush
        self._queue: deque[Entry[T]] = deque()
        self._running: asyncio.Task[None] | None = None

    def ask(self, request: T) -> "asyncio.Future[Any]":
        """Ask for something; the future has the answer."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append((request, future))
        if self._running is None:
            self._running = self._core.around.spawn.task(self._run(), f"tense {self._name}")
        return future

    async def idle(self) -> None:
        """Return when all that was asked for so far is answered."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(MOST, len(self._queue)))]
                error: BaseException | None = None
                try:
                    await self._flush(batch)
                except Exception as raised:  # noqa: BLE001 - handed to who asked
                    error = raised
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error or AssertionError(f"{self._name} left a request unanswered"))
        finally:
            self._running = None
            for _, future in self._queue:
                future.cancel()
            self._queue.clear()
