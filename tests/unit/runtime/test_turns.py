"""Turns: on a store with one writer, a handler in its transaction keeps every other out."""

import asyncio

import pytest

from stores import WITH_TURNS, Run
from tense import App, Service, Transaction
from words import FEW, Notify, notes


@pytest.mark.parametrize("run", WITH_TURNS, indirect=True)
async def test_two_handlers_that_read_and_then_write_do_not_interleave(run: Run) -> None:
    service = Service(notes)

    @service.handles(Notify, retry=FEW)
    async def sell_the_last(command: Notify, db: Transaction) -> None:
        await db.execute("CREATE TABLE IF NOT EXISTS stock (left INTEGER)")
        left = await db.fetch_value("SELECT left FROM stock")
        if left is None:
            await db.execute("INSERT INTO stock VALUES (10)")
            left = 10
        await asyncio.sleep(0)
        await db.execute("UPDATE stock SET left = :left", left=left - 1)

    async with run(App(service)) as h:
        for number in range(10):
            await h.client.send(Notify(text=str(number)))
        await h.idle()

        assert await h.engine.store.snapshot().fetch_value("SELECT left FROM stock") == 0
