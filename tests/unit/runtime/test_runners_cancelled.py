"""A background task that somebody cancels is replaced, and what it had in hands is settled: nothing is forgotten."""

import asyncio

import pytest

from stores import Run
from tense import App, Command, Contract, Event, Publish, Service

place = Contract("place")


class Say(Command[str], owner=place, key="key"):
    key: str
    word: str


class Said(Event, owner=place, key="key"):
    key: str
    word: str


async def cancel_myself() -> None:
    task = asyncio.current_task()
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)


async def test_resting_runners_that_are_cancelled_are_replaced(run: Run) -> None:
    service = Service(place, concurrency=1)

    @service.handles(Say)
    async def say(command: Say) -> str:
        return command.word

    async with run(App(service)) as h:
        await h.client.execute(Say(key="a", word="first"))
        for task in asyncio.all_tasks():
            if task.get_name() == "tense place":
                task.cancel()
        await asyncio.sleep(0)

        assert await h.until(h.client.execute(Say(key="a", word="second"))) == "second"


@pytest.mark.parametrize("where", ["in the command", "in the event"])
async def test_a_handler_that_is_cancelled_fails_and_nothing_behind_it_takes_its_place(run: Run, where: str) -> None:
    service, starts, seen = Service(place, concurrency=1), 0, []

    async def once() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            await cancel_myself()

    @service.handles(Say)
    async def say(command: Say, publish: Publish[Said]) -> str:
        if where == "in the command":
            await once()
        publish(Said(key=command.key, word=command.word))
        return command.word

    @service.subscribes(Said)
    async def said(event: Said) -> None:
        if where == "in the event":
            await once()
        seen.append(event.word)

    async with run(App(service)) as h:
        first = await h.client.send(Say(key="a", word="first"))
        second = await h.client.send(Say(key="a", word="second"))

        assert await h.until(first.result()) == "first"
        assert await h.until(second.result()) == "second"
        await h.later(60)
        assert seen == ["first", "second"]
        assert starts == 3


@pytest.mark.parametrize("waits", [True, False])
async def test_a_handler_that_began_at_once_and_cancels_itself_fails_alone(run: Run, *, waits: bool) -> None:
    service, starts = Service(place, concurrency=1), []

    @service.handles(Say)
    async def say(command: Say) -> str:
        starts.append(command.word)
        if starts.count("bad") == 1 and command.word == "bad":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            if waits:
                await asyncio.sleep(0)
        return command.word

    async with run(App(service)) as h:
        await h.client.execute(Say(key="a", word="well"))
        await h.idle()

        assert await h.until(h.client.execute(Say(key="a", word="bad"))) == "bad"
        assert await h.until(h.client.execute(Say(key="a", word="again"))) == "again"
