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

    def aside(self, name: str) -> "Aside":
        """A thread of its own for blocking calls that must not overlap."""
        ...


class Aside(Protocol):
    """Runs functions one after the other beside the loop."""

    def run(self, work: Callable[[], None], done: Callable[[BaseException | None], None]) -> None:
        """Run a function there; `done` is called on the loop with what it raised, or None."""
        ...

    def close(self) -> None:
        """End when what was given so far has run."""
        ...
