"""A claim whose answer is lost on its way: what it took comes again, before what stands behind it."""

from typing import Any

import asyncpg
import pytest

from tense import App, Command, Contract, Service
from tense.adapters.stores.postgres.session import Session

pytestmark = pytest.mark.server("postgres")

desk = Contract("desk")


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
