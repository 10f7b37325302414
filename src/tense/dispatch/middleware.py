"""Middleware: a function around a function."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tense.dispatch.handler import Handler
from tense.messages.metadata import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What a middleware sees: the message on its way to its handler."""

    message: Any
    metadata: Metadata
    handler: Handler


Proceed: TypeAlias = Callable[[Handling], Awaitable[Any]]
"""Goes on towards the handler and gives what it returned."""

Middleware: TypeAlias = Callable[[Handling, Proceed], Awaitable[Any]]
"""Called with the handling and what comes next. It must call `proceed` once, or raise."""


def compose(middleware: Sequence[Middleware], innermost: Proceed) -> Proceed:
    """One function out of many; the first is the outermost."""
    composed = innermost
    for layer in reversed(middleware):
        composed = _around(layer, composed)
    return composed


def _around(layer: Middleware, inner: Proceed) -> Proceed:
    async def proceed(handling: Handling) -> Any:
        return await layer(handling, inner)

    return proceed
