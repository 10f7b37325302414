"""The line on which hints are heard: one at a time, whatever happens to the server meanwhile."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tense.testing.clock import HandClock

asyncpg = pytest.importorskip("asyncpg")

Told = Callable[[Any], None]


class Line:
    """A connection to a server; `goes` says when the server goes: while it is asked to tell, right after it, or never."""

    def __init__(self, goes: str = "") -> None:
        self._goes = goes
        self._lost: list[Told] = []
        self.ended = False

    def add_termination_listener(self, told: Told) -> None:
        self._lost.append(told)

    async def add_listener(self, channel: str, hear: Any) -> None:
        await asyncio.sleep(0)
        if self._goes == "while":
            self.terminate()
            text = "the server is going"
            raise asyncpg.AdminShutdownError(text)
        if self._goes == "after":
            self.terminate()

    def is_closed(self) -> bool:
        return self.ended

    def terminate(self) -> None:
        self.ended = True
        told, self._lost = self._lost, []
        for each in told:
            each(self)

    async def close(self, timeout: float) -> None:
        self.terminate()


class Place:
    """What hints need of a store; `going` is what becomes of the next connections, `lines` those that were made."""

    def __init__(self, *going: str) -> None:
        self.clock = HandClock()
        self.around = SimpleNamespace(clock=self.clock, spawn=self, lease=3.0, instance="me")
        self.address = SimpleNamespace(schema="tense", notify=True, shown="postgresql://here")
        self.lines: list[Line] = []
        self._going = list(going)
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self, *, patience: float) -> Any:
        await asyncio.sleep(0)
        self.lines.append(Line(self._going.pop(0) if self._going else ""))
        return self.lines[-1]

    def task(self, work: Any, name: str) -> Any:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        return task

    async def later(self, seconds: float) -> None:
        """Let time pass, and everything happen that it brings."""
        self.clock.advance(seconds)
        while working := [task for task in self._tasks if not task.done()]:
            await asyncio.wait(working)

    @property
    def open(self) -> list[Line]:
        return [line for line in self.lines if not line.ended]


@pytest.mark.parametrize("goes", ["while", "after"])
async def test_a_server_that_goes_as_it_is_asked_is_asked_again_on_one_line(goes: str) -> None:
    from tense.adapters.stores.postgres.hints import RECONNECT, Hints

    heard: list[object] = []
    place: Any = Place(goes, goes)
    hints = Hints(place, heard.append)

    await hints.start()
    assert (hints.listening, place.open) == (False, [])
    for _ in range(4):
        await place.later(RECONNECT)

    assert hints.listening
    assert len(place.lines) == 3
    assert len(place.open) == 1
    assert set(heard) == {None}, "what was said meanwhile was not heard, and is to be looked for"
    await hints.stop()
    assert place.open == []


async def test_a_line_that_is_made_while_the_store_closes_is_closed() -> None:
    from tense.adapters.stores.postgres.hints import Hints

    place: Any = Place()
    hints = Hints(place, lambda _hint: None)
    starting = asyncio.create_task(hints.start())
    await asyncio.sleep(0)

    await hints.stop()
    await starting

    assert (len(place.lines), place.open) == (1, [])


async def test_a_line_that_is_made_anew_while_the_store_closes_is_closed_before_it_is() -> None:
    from tense.adapters.stores.postgres.hints import RECONNECT, Hints

    place: Any = Place("after")
    hints = Hints(place, lambda _hint: None)
    await hints.start()
    place.clock.advance(RECONNECT)
    while len(place.lines) < 2:
        await asyncio.sleep(0)

    await hints.stop()

    assert place.open == []


async def test_who_cannot_listen_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    from tense.adapters.stores.postgres.hints import RECONNECT, Hints

    place: Any = Place("while", "while", "while")
    hints = Hints(place, lambda _hint: None)

    await hints.start()
    for _ in range(3):
        await place.later(RECONNECT)

    assert hints.listening
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "seen by polling" in caplog.text
