"""A command that nothing stands before begins at once, in memory; all else is as if it had waited."""

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from tense import App, Command, CommandFailed, Contract, Retry, Send, Service
from tense.runtime.runners import AT_ONCE

desk = Contract("desk")
counter = Contract("counter")
mood: ContextVar[str] = ContextVar("mood", default="calm")


class Answer(Command[str], owner=desk):
    text: str = ""


class Count(Command, owner=counter, key="name"):
    name: str
    left: int


def answering(handler: Any, **keywords: Any) -> App:
    service = Service(desk)
    service.handles(Answer, **keywords)(handler)
    return App(service)


async def warm(client: Any) -> None:
    """The first command makes the runner that later ones find resting."""
    await client.execute(Answer(text="warm"))


async def test_a_handler_that_waits_for_nothing_answers_before_the_loop_turns() -> None:
    async def answer(command: Answer) -> str:
        return command.text

    async with answering(answer).running() as client:
        await warm(client)
        turned = []
        asyncio.get_running_loop().call_soon(turned.append, True)

        assert await client.execute(Answer(text="at once")) == "at once"

        assert not turned


async def test_who_asks_in_a_circle_lets_the_loop_turn_now_and_then() -> None:
    async def answer(command: Answer) -> str:
        return command.text

    async with answering(answer).running() as client:
        await warm(client)
        turned = []
        asyncio.get_running_loop().call_soon(turned.append, True)

        for _ in range(AT_ONCE + 1):
            await client.execute(Answer())

        assert turned


@pytest.mark.parametrize("pauses", [1, 3])
async def test_a_handler_that_waits_goes_on_in_a_task_of_its_own(pauses: int) -> None:
    tasks: list[Any] = []

    async def answer(command: Answer) -> str:
        for _ in range(pauses if command.text != "warm" else 0):
            tasks.append(asyncio.current_task())
            await asyncio.sleep(0)
        tasks.append(asyncio.current_task())
        return command.text

    async with answering(answer).running() as client:
        await warm(client)
        tasks.clear()

        assert await client.execute(Answer(text="later")) == "later"

        assert len(tasks) == pauses + 1
        assert len(set(tasks)) == 1
        assert asyncio.current_task() not in tasks


async def test_a_sender_that_goes_away_takes_the_handler_not_along() -> None:
    began, go, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(command: Answer) -> str:
        if command.text != "warm":
            began.set()
            await go.wait()
            ended.set()
        return command.text

    async with answering(answer).running() as client:
        await warm(client)
        sender = asyncio.create_task(client.execute(Answer(text="slow")))
        await began.wait()

        sender.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sender
        go.set()

        await asyncio.wait_for(ended.wait(), 5)


async def test_a_time_limit_within_a_handler_ends_what_the_handler_does_and_not_its_sender() -> None:
    async def answer(command: Answer) -> str:
        if command.text == "warm":
            return "warm"
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return "gave up waiting"
        return "never"

    async with answering(answer).running() as client:
        await warm(client)

        assert await client.execute(Answer(text="wait")) == "gave up waiting"


async def test_what_a_sender_set_is_not_seen_by_the_handler_nor_the_reverse() -> None:
    seen: list[str] = []

    async def answer(command: Answer) -> str:
        seen.append(mood.get())
        mood.set(command.text)
        if command.text == "waits":
            await asyncio.sleep(0)
            seen.append(mood.get())
        return mood.get()

    async with answering(answer).running() as client:
        await warm(client)
        seen.clear()
        mood.set("worried")

        await client.execute(Answer(text="first"))
        await client.execute(Answer(text="waits"))
        await client.execute(Answer(text="last"))

        assert seen == ["calm", "calm", "waits", "calm"]
        assert mood.get() == "worried"


async def test_what_a_handler_raises_at_once_is_its_failure_and_not_its_senders() -> None:
    async def answer(command: Answer) -> str:
        if command.text != "warm":
            raise KeyboardInterrupt
        return command.text

    async with answering(answer, retry=Retry(attempts=1)).running() as client:
        await warm(client)

        with pytest.raises(CommandFailed, match="KeyboardInterrupt"):
            await client.execute(Answer(text="break"))
        assert await client.execute(Answer(text="warm")) == "warm"


async def test_a_chain_of_messages_is_no_chain_of_calls() -> None:
    done = asyncio.Event()
    service = Service(counter)

    @service.handles(Count)
    async def count(command: Count, send: Send[Count]) -> None:
        if command.left:
            send(Count(name=command.name, left=command.left - 1))
        else:
            done.set()

    async with App(service).running() as client:
        await client.execute(Count(name="a", left=0))
        done.clear()

        await client.send(Count(name="a", left=3000))

        await asyncio.wait_for(done.wait(), 30)


async def test_what_is_sent_while_one_of_its_key_runs_at_once_comes_after_it() -> None:
    order: list[str] = []
    service = Service(counter)
    clients: list[Any] = []
    done = asyncio.Event()

    @service.handles(Count)
    async def count(command: Count) -> None:
        order.append(f"{command.left} begins")
        if command.left == 2:
            await clients[0].send(Count(name=command.name, left=1))
            await asyncio.sleep(0)
        order.append(f"{command.left} ends")
        if command.left == 1:
            done.set()

    async with App(service).running() as client:
        clients.append(client)
        await client.execute(Count(name="a", left=0))
        order.clear()

        await client.execute(Count(name="a", left=2))
        await asyncio.wait_for(done.wait(), 5)

        assert order == ["2 begins", "2 ends", "1 begins", "1 ends"]


async def test_a_handler_past_its_limit_is_ended_although_it_began_at_once() -> None:
    async def answer(command: Answer) -> str:
        if command.text != "warm":
            await asyncio.Event().wait()
        return command.text

    async with answering(answer, retry=Retry(attempts=1), timeout=0.05).running() as client:
        await warm(client)

        with pytest.raises(CommandFailed, match=r"its limit of 0\.05 s"):
            await client.execute(Answer(text="for ever"))


async def test_an_app_that_stops_waits_for_what_began_at_once() -> None:
    ended = []

    async def answer(command: Answer) -> str:
        if command.text != "warm":
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            ended.append(command.text)
        return command.text

    async with answering(answer).running() as client:
        await warm(client)
        await client.send(Answer(text="last"))

    assert ended == ["last"]


async def test_those_that_begin_at_once_may_wait_for_one_and_the_same_thing() -> None:
    opened, shared = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def answer(command: Answer) -> str:
        if command.text == "warm":
            await opened.wait()
            return command.text
        found: str = await shared
        return found

    async with answering(answer, retry=Retry(attempts=1)).running() as client:
        asyncio.get_running_loop().call_later(0.01, opened.set)
        await asyncio.gather(*(warm(client) for _ in range(8)))
        many = [asyncio.create_task(client.execute(Answer(text="ask"))) for _ in range(8)]
        asyncio.get_running_loop().call_later(0.01, shared.set_result, "found")

        assert await asyncio.gather(*many) == ["found"] * 8


async def test_a_time_limit_that_has_passed_already_ends_what_the_handler_does_and_waits_for() -> None:
    async def slow() -> None:
        await asyncio.Event().wait()

    async def answer(command: Answer) -> str:
        if command.text == "warm":
            return "warm"
        try:
            async with asyncio.timeout(0):
                await asyncio.gather(begun := asyncio.ensure_future(slow()))
        except TimeoutError:
            return f"gave up waiting, {begun.cancelled()}"
        return "never"

    async with answering(answer).running() as client:
        await warm(client)

        assert await client.execute(Answer(text="wait"), timeout=5) == "gave up waiting, True"
