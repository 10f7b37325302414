"""Handle: a callback that is ready or due, and the place at which it runs."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tense.testing.simulation.loop import Place


class Handle:
    """A callback that is ready."""

    __slots__ = ("args", "callback", "context", "is_cancelled", "place")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context, place: "Place"
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.place = place
        self.is_cancelled = False

    def cancel(self) -> None:
        """Forget it."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """Whether it was forgotten."""
        return self.is_cancelled

    def source(self) -> object:
        """What orders it: handles of one source run first in, first out."""
        if self.args and isinstance(self.args[0], asyncio.Future):
            return id(self.args[0])
        owner = getattr(self.callback, "__self__", None)
        return id(owner) if isinstance(owner, asyncio.Task) else self.place.name


class TimedHandle(Handle):
    """A callback that is due at a moment."""

    __slots__ = ("_when",)

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context,
        place: "Place",
        when: float,
    ) -> None:
        super().__init__(callback, args, context, place)
        self._when = when

    def when(self) -> float:
        """The virtual moment."""
        return self._when
