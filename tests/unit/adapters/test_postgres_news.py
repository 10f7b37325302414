"""The pace at which is looked: slow while hints are heard, quick while they are not or a look went wrong."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tense.errors import StoreError
from tense.testing.clock import HandClock

pytest.importorskip("asyncpg")


class Ears:
    """Hints that are heard as long as a test lets them."""

    def __init__(self, core: Any, heard: Any) -> None:
        core.ears, self.heard, self.listening, self.tell = self, heard, True, None

    def hear(self, *, anything: bool) -> None:
        self.listening = anything
        self.heard(None)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Place:
    """What news need of a store; `looks` counts how often they looked, and `trouble` is what becomes of a look."""

    ears: Ears

    def __init__(self) -> None:
        self.clock = HandClock()
        self.around = SimpleNamespace(clock=self.clock, spawn=self, watcher=None)
        self.closed = False
        self.looks = 0
        self.trouble: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def task(self, work: Any, name: str) -> None:
        self._tasks.add(asyncio.create_task(work, name=name))

    async def run(self, work: Any) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble

    async def look(self) -> None: ...

    async def looks_within(self, seconds: float) -> int:
        before = self.looks
        await self.clock.wind(seconds)
        return self.looks - before


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> Any:
    from tense.adapters.stores.postgres import news

    monkeypatch.setattr(news, "Hints", Ears)
    made: Any = Place()
    started = news.News(made, made, made)
    await started.start()
    yield made
    await started.stop()
    assert made.clock.until_next() is None


async def test_who_hears_no_more_looks_at_once_and_quickly_until_it_hears_again(place: Any) -> None:
    from tense.adapters.stores.postgres.news import POLL, POLL_ALONE

    assert await place.looks_within(2 * POLL) == 2

    await place.clock.wind(POLL / 2)
    place.ears.hear(anything=False)
    assert await place.looks_within(0) == 1
    assert await place.looks_within(10.5 * POLL_ALONE) == 10

    place.ears.hear(anything=True)
    assert await place.looks_within(0) == 1
    assert await place.looks_within(POLL - 0.01) == 0
    assert await place.looks_within(POLL) == 1


async def test_a_look_that_went_wrong_is_made_again_soon(place: Any) -> None:
    from tense.adapters.stores.postgres.news import POLL, POLL_ALONE

    place.trouble = StoreError("nobody answers")
    assert await place.looks_within(POLL) == 1
    assert await place.looks_within(3.5 * POLL_ALONE) == 3

    place.trouble = None
    assert await place.looks_within(POLL_ALONE) == 1
    await place.clock.wind(POLL)
    assert await place.looks_within(10 * POLL) == 10
