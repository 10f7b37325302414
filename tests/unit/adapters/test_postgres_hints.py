"""The line on which hints are heard: one at a time, whatever happens to the server meanwhile."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tense.testing.clock import HandClock, settled

asyncpg = pytest.importorskip("asyncpg")

Told = Callable[[Any], None]


class Line:
    """A connection to a server; `goes` says when the server goes: while it is asked to tell, right after it, or never."""

    def __init__(self, goes: str = "") -> None:
        self._goes = goes
        self._lost: list[Told] = []
        self._silence: asyncio.Event | None = None
        self.asked = 0
        self.ended = False

    def fall_silent(self) -> None:
        self._silence = asyncio.Event()

    async def execute(self, text: str) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        if self._silence is not None:
            await self._silence.wait()
            text = "connection was closed in the middle of operation"
            raise asyncpg.ConnectionDoesNotExistError(text)
        return text

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
        if self._silence is not None:
            self._silence.set()
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
        self.told: list[str] = []
        self._going = list(going)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[Any], Any]) -> None:
        await work(self)

    async def execute(self, sql: str, channel: str, text: str) -> None:
        self.told.append(text)

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
    def working(self) -> list[str]:
        return [task.get_name() for task in self._tasks if not task.done()]

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


async def test_a_line_is_asked_now_and_then_whether_anybody_is_there_and_stays() -> None:
    from tense.adapters.stores.postgres.hints import ASK, Hints

    place: Any = Place()
    heard: list[object] = []
    hints = Hints(place, heard.append)
    await hints.start()

    await place.clock.wind(ASK * 10)

    assert [(line.asked, line.ended) for line in place.lines] == [(10, False)]
    assert (hints.listening, heard) == (True, [])
    await hints.stop()
    await place.clock.wind(ASK * 10)
    assert [line.asked for line in place.lines] == [10]
    assert (place.working, place.clock.until_next()) == ([], None)


async def test_a_line_on_which_nobody_answers_is_made_anew_and_all_is_looked_at_meanwhile() -> None:
    from tense.adapters.stores.postgres.hints import ASK, RECONNECT, Hints

    place: Any = Place()
    heard: list[tuple[object, bool]] = []
    hints = Hints(place, lambda hint: heard.append((hint, hints.listening)))
    await hints.start()
    place.lines[0].fall_silent()

    await place.clock.wind(ASK + place.around.lease)

    assert heard == [(None, False)], "from now on polling is quick"
    assert (hints.listening, place.lines[0].asked, place.open) == (False, 1, [])

    await place.clock.wind(RECONNECT)

    assert (hints.listening, len(place.lines), len(place.open)) == (True, 2, 1)
    assert heard[1:] == [(None, True)]
    await place.clock.wind(ASK * 3)
    assert [line.asked for line in place.lines] == [1, 3]
    await hints.stop()
    assert (place.working, place.clock.until_next()) == ([], None)


async def test_a_question_without_an_answer_keeps_nobody_from_closing() -> None:
    from tense.adapters.stores.postgres.hints import ASK, Hints

    place: Any = Place()
    heard: list[object] = []
    hints = Hints(place, heard.append)
    await hints.start()
    place.lines[0].fall_silent()
    await place.clock.wind(ASK)
    assert place.working == ["tense listening"]

    await asyncio.wait_for(hints.stop(), 5)

    assert (place.open, place.working, place.clock.until_next(), heard) == ([], [], None, [])


async def test_what_is_told_in_quick_succession_is_one_notification_after_a_pause() -> None:
    from tense.adapters.stores.postgres.hints import PAUSE, Hint, Hints
    from tense.adapters.stores.postgres.tidings import Tidings

    place: Any = Place()
    hints = Hints(place, lambda _hint: None)
    await hints.start()

    for lane in range(50):
        hints.tell(Tidings(arrivals={("orders", lane)}))
        await settled()
    assert len(place.told) == 1
    await place.clock.wind(PAUSE)

    assert len(place.told) == 2
    named = [msgspec.json.decode(text, type=Hint).arrivals for text in place.told]
    assert named[0] == [("orders", 0)]
    assert sorted(named[1]) == [("orders", lane) for lane in range(1, 50)]
    await hints.stop()
