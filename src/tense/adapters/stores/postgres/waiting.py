"""Waiting: who wants the next turn on a connection that others use, in order of coming."""

import asyncio
from collections import deque
from collections.abc import Sequence

from tense.adapters.stores.postgres.batch import First, Waiter


class Waiting:
    """A queue of units; those that say the same first come out together."""

    def __init__(self) -> None:
        self._queue: deque[Waiter] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, first: First | None) -> "asyncio.Future[bool]":
        """Wait behind the others."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append(Waiter(turn, first))
        return turn

    def next(self, most: int) -> Sequence[Waiter]:
        """Whoever is next, and with it those who say the same first, `most` at most; nobody if nobody waits."""
        while self._queue:
            one = self._queue.popleft()
            if not one.turn.done():
                return [one] if one.first is None else [one, *self._alike(one.first.text, most - 1)]
        return []

    def put_back(self, waiters: Sequence[Waiter]) -> None:
        """They are next again, each by itself."""
        self._queue.extendleft(Waiter(waiter.turn, None) for waiter in reversed(waiters))

    def send_away(self) -> None:
        """Whoever waits goes elsewhere."""
        while self._queue:
            self._queue.popleft().answer(here=False)

    def _alike(self, text: str, most: int) -> Sequence[Waiter]:
        alike: list[Waiter] = []
        others: deque[Waiter] = deque()
        for waiter in self._queue:
            fits = waiter.first is not None and waiter.first.text == text and len(alike) < most
            if not waiter.turn.done():
                (alike if fits else others).append(waiter)
        self._queue = others
        return alike
