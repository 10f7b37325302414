"""Spawn: the only way to start a task or a thread."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from typing_extensions import TypeVar

T = TypeVar("T")


class Spawn(Protocol):
    """Starts what runs beside the caller, and keeps it from being collected."""

    def task(self, work: Coroutine[Any, Any, T], name: str) -> "asyncio.Task[T]":
        """Run a coroutine beside the caller. Its failure is logged if nobody awaits it."""
        ...

    def thread(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Run a blocking function in a bounded pool. It cannot be cancelled: the future ends when it returns."""
        ...
