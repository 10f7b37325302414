"""Claims keep the order of each key, whatever becomes of their answer and of whoever has a command in hands meanwhile."""

import asyncio
from typing import Any

import asyncpg
import pytest
from asked import Asked

from tense import App, Command, Contract, Service
from tense.adapters.stores.postgres.session import Session

pytestmark = pytest.mark.server("postgres")

desk = Contract("desk")


WAITS_FOR_IT = """
SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""


class Note(Command, owner=desk, key="page"):
    page: str
    number: int


async def test_what_a_claim_took_without_an_answer_is_handled_before_what_came_later(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[int] = []
    lost: list[bool] = []
    service = Service(desk)
    fetch = Session.fetch

    @service.handles(Note)
    async def note(command: Note) -> None:
        order.append(command.number)

    async def cut_once(self: Any, query: str, *values: Any, **keywords: Any) -> Any:
        rows = await fetch(self, query, *values, **keywords)
        if "SET attempts" in query and rows and not lost:
            lost.append(True)
            text = "the connection broke before the answer came"
            raise asyncpg.ConnectionDoesNotExistError(text)
        return rows

    monkeypatch.setattr(Session, "fetch", cut_once)
    async with App(service, store=postgres, lease=3).running() as client:
        tickets = [await client.send(Note(page="a", number=number)) for number in range(3)]
        for ticket in tickets:
            await ticket.result(timeout=30)

    assert lost
    assert order == [0, 1, 2]


async def test_a_command_whose_cancelling_comes_to_nothing_is_still_the_first_of_its_key(postgres: str) -> None:
    order: list[int] = []
    service = Service(desk)

    @service.handles(Note)
    async def note(command: Note) -> None:
        order.append(command.number)

    async with App(service).running(store=postgres):
        """The service is known from now on."""
    async with App(Service(desk), store=postgres).client() as client:
        tickets = [await client.send(Note(page="a", number=number)) for number in range(3)]
        canceller = await Asked(postgres).connect()
        stopped = canceller.transaction()
        await stopped.start()
        await canceller.execute("UPDATE command SET state = 3 WHERE id = $1", tickets[0].id)
        async with App(service).running(store=postgres):
            async with asyncio.timeout(30):
                while not await canceller.fetchval(WAITS_FOR_IT):
                    await asyncio.sleep(0.01)
            await stopped.rollback()
            for ticket in tickets:
                await ticket.result(timeout=30)
        await canceller.close()

    assert order == [0, 1, 2]
