"""Failpoints: named places around a store's work at which a test lets something go wrong.

They stand in a wrapper around the store and not in the engine: where there is no wrapper, they cost nothing. The places
are `before` and `after` each of the store's and the unit's calls: `before accept`, `after finish`, and so on.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

from tense.errors import StoreError
from tense.ports.store import Store

Action: TypeAlias = "Literal['raise', 'hang', 'exit'] | float"
"""What happens: a StoreError, no return, SIGKILL's exit status, or a delay of so many seconds."""

KILLED = 137
CALLS = ("accept", "claim", "due", "strike", "settled", "acquire", "announce", "release", "cancel", "redrive", "drop")


class Failpoints:
    """Switches by name; `store(inner)` is the store that obeys them."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self._armed: dict[str, tuple[Action, int]] = {}

    def arm(self, place: str, action: Action, times: int = 1) -> None:
        """The next `times` that this place is passed, do this."""
        self._armed[place] = action, times

    def store(self, inner: Store) -> Store:
        """The same store, with these switches around its calls."""
        return cast("Store", _Around(inner, self, (*CALLS, "unit")))

    async def at(self, place: str) -> None:
        """Pass a place."""
        self.passed.append(place)
        action, times = self._armed.get(place, (0.0, 0))
        if times <= 0:
            return
        self._armed[place] = action, times - 1
        if action == "raise":
            text = f"failpoint {place!r}"
            raise StoreError(text)
        if action == "exit":
            os._exit(KILLED)
        await (asyncio.Event().wait() if action == "hang" else asyncio.sleep(action))


class _Around:
    """An object whose calls of these names pass two places each; everything else is the object's own."""

    def __init__(self, inner: object, points: Failpoints, names: tuple[str, ...]) -> None:
        self._inner = inner
        self._points = points
        self._names = names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "unit" and name in self._names:
            return lambda *given: _Around(found(*given), self._points, ("finish",))
        if name not in self._names:
            return found
        return self._wrapped(name, found)

    def _wrapped(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def around(*given: Any, **named: Any) -> Any:
            await self._points.at(f"before {name}")
            result = call(*given, **named)
            if asyncio.iscoroutine(result) or asyncio.isfuture(result):
                result = await result
            await self._points.at(f"after {name}")
            return result

        return lambda *given, **named: asyncio.ensure_future(around(*given, **named))
