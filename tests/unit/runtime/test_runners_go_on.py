"""Whatever becomes of one delivery, the runner that had it goes on with the next."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from stores import Run
from tense import App, Command, CommandFailed, Contract, Event, Publish, Retry, Send, Service
from tense.testing.harness import harness

place, yard = Contract("place"), Contract("yard")


class Say(Command[str], owner=place, key="key"):
    key: str
    word: str = ""


class Said(Event, owner=place, key="key"):
    key: str
    word: str = ""


class Block(Command, owner=yard): ...


class Linger(Command, owner=yard): ...


async def test_a_failure_whose_words_cannot_be_written_ends_in_a_dead_letter(run: Run) -> None:
    service = Service(place, concurrency=1)
    done: list[str] = []

    @service.handles(Say, retry=Retry(attempts=1))
    async def say(command: Say, publish: Publish[Said]) -> str:
        publish(Said(key=command.key, word=command.word))
        return command.word

    @service.subscribes(Said, retry=Retry(attempts=1))
    async def said(event: Said) -> None:
        if event.word == "half":
            raise ValueError("half of a pair: \ud800")
        done.append(event.word)

    async with run(App(service)) as h:
        await h.client.execute(Say(key="a", word="half"))
        await h.client.execute(Say(key="b", word="whole"))
        await h.idle()

        assert done == ["whole"]
        (letter,) = await h.dead()
        assert "half of a pair: \\ud800" in letter.error


async def test_what_breaks_while_it_is_settled_is_tried_again_and_the_next_is_handled(tmp_path: Path) -> None:
    service = Service(place, concurrency=1)

    @service.handles(Say, retry=Retry(attempts=3))
    async def say(command: Say) -> str:
        return command.word

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        with patch("tense.adapters.stores.sqlite.unit.settle", breaking(times=1)):
            ticket = await h.client.send(Say(key="a", word="first"))
            await h.idle()
        await h.later(60)

        assert await ticket.result() == "first"
        assert await h.client.execute(Say(key="b", word="second")) == "second"


async def test_what_cannot_be_settled_in_any_way_changes_hands_and_the_next_is_handled(tmp_path: Path) -> None:
    service = Service(place, concurrency=1)

    @service.handles(Say, retry=Retry(attempts=5))
    async def say(command: Say) -> str:
        return command.word

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        with patch("tense.adapters.stores.sqlite.unit.settle", breaking(times=2)):
            ticket = await h.client.send(Say(key="a", word="first"))
            await h.until(ticket.outcome())

        assert await ticket.result() == "first"
        assert await h.client.execute(Say(key="b", word="second")) == "second"


async def test_a_handler_whose_lane_is_lost_is_cancelled_and_its_runner_goes_on(tmp_path: Path) -> None:
    service = Service(place, concurrency=1)
    started, ended = asyncio.Event(), []

    @service.handles(Say)
    async def say(command: Say) -> str:
        if not started.is_set():
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(command.word)
        return command.word

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        ticket = await h.client.send(Say(key="a", word="first"))
        await asyncio.wait_for(started.wait(), 10)
        (lane,) = [lane for lane in h.engine.worker.loops["place"].lanes.values() if lane.strands]
        h.engine.store.core.lose(lane.lease)

        assert await h.until(ticket.result()) == "first"
        assert ended == ["first"]
        assert await h.until(h.client.execute(Say(key="b", word="second"))) == "second"


def breaking(times: int) -> Callable[..., Any]:
    """The settling that breaks so many times in a way nobody thought of."""
    from tense.adapters.stores.sqlite import unit

    original, left = unit.settle, [times]

    def settle(*arguments: Any, **options: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("nobody thought of this")
        original(*arguments, **options)

    return settle


async def test_a_runner_whose_thread_outlasted_its_limit_minds_the_limit_of_the_next(
    caplog: pytest.LogCaptureFixture,
) -> None:
    service, go = Service(yard, concurrency=1), threading.Event()

    @service.handles(Block, timeout=0.05)
    def block(command: Block) -> None:
        go.wait(20)

    @service.handles(Linger, retry=Retry(attempts=1), timeout=0.05)
    async def linger(command: Linger) -> None:
        await asyncio.Event().wait()

    async with App(service).running() as client:
        blocked = await client.send(Block())
        while "past its limit" not in caplog.text:
            await asyncio.sleep(0)
        go.set()
        assert await blocked.result(timeout=20) is None

        with pytest.raises(CommandFailed, match=r"its limit of 0\.05 s"):
            await client.execute(Linger(), timeout=5)


async def test_what_one_sends_that_began_at_once_begins_when_the_only_runner_rests_again(run: Run) -> None:
    said: list[str] = []
    service = Service(place, concurrency=1)

    @service.handles(Say)
    async def say(command: Say, send: Send[Say]) -> str:
        said.append(command.word)
        if command.word:
            send(Say(key=f"{command.key} again", word=command.word[1:]))
        return command.word

    async with run(App(service)) as h:
        await h.until(h.client.execute(Say(key="warm")))
        await h.until(h.client.execute(Say(key="two", word="ab")))
        async with asyncio.timeout(10):
            await h.idle()

    assert said == ["", "ab", "b", ""]
