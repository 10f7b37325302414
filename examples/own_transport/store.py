"""A store of one's own, thin: any other store, with a record of how often each of its calls was made and how long it took."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

from tense.ports.store import Store

CALLS = frozenset({"accept", "claim", "due", "strike", "unit", "acquire", "announce", "cancel", "redrive", "settled"})


class TimedStore:
    """Behaves as `inner` does. `seconds` has the time each call took before it returned, by name."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._timed(name, found) if name in CALLS else found

    def _timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                self.seconds[name].append(time.perf_counter() - began)

        return timed


def timed(inner: Store) -> Store:
    """`inner`, timed."""
    return cast("Store", TimedStore(inner))
