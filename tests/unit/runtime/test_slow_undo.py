"""What a handler wrote may take long to undo: that is no time of the handler's, and nobody forgets the message for it."""

import asyncio

import pytest

from tense import App, Command, CommandFailed, Contract, Rejection, Retry, Service, Transaction
from tense.adapters.stores.memory.unit import MemoryUnit
from tense.testing.harness import harness

place = Contract("place")


class Refused(Rejection):
    why: str = ""


class Say(Command[str, Refused], owner=place, key="key"):
    key: str
    how: str


@pytest.mark.parametrize("how", ["refuse", "break"])
async def test_a_handler_whose_rows_are_undone_slowly_ends_as_it_did(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service, reached, go = Service(place), asyncio.Event(), asyncio.Event()
    original = MemoryUnit.undo

    async def slow(unit: MemoryUnit) -> None:
        reached.set()
        await go.wait()
        await original(unit)

    monkeypatch.setattr(MemoryUnit, "undo", slow)

    @service.handles(Say, timeout=0.5, retry=Retry(attempts=1))
    async def say(command: Say, db: Transaction) -> str:
        await db.execute("CREATE TABLE IF NOT EXISTS words (word TEXT)")
        if command.how == "refuse":
            raise Refused(why="asked for")
        raise ValueError("broken")

    async with harness(App(service)) as h:
        telling = asyncio.ensure_future(h.client.outcome(Say(key="a", how=how)))
        await reached.wait()
        for _ in range(10):
            await h.clock.wind(0.2)
        go.set()

        if how == "refuse":
            answer = await asyncio.wait_for(telling, 10)
            assert (type(answer), answer.why) == (Refused, "asked for")
        else:
            with pytest.raises(CommandFailed, match="ValueError: broken"):
                await asyncio.wait_for(telling, 10)
