"""What is forgotten, and what is not."""

import asyncio
from datetime import timedelta

import pytest
from asked import Asked

from tense import App
from words import Log, PlaceOrder, publisher, subscriber

pytestmark = pytest.mark.server("postgres")

COUNTS = "SELECT (SELECT count(*) FROM command), (SELECT count(*) FROM log)"


async def test_what_ended_is_forgotten_and_what_nobody_read_yet_is_kept(postgres: str) -> None:
    pytest.importorskip("asyncpg")
    from tense.adapters.stores.postgres.retention import Retention, prune
    from tense.adapters.stores.postgres.store import PostgresStore

    log, at_once = Log(), Retention(outcomes=timedelta(0), events=timedelta(0))
    app = App(publisher(), subscriber("email", log))
    store = PostgresStore(postgres, retention=at_once)
    asked = await Asked(postgres).connect()
    try:
        async with app.running(store=store) as client:
            for number in range(10):
                await client.execute(PlaceOrder(order_id=str(number)))
            async with asyncio.timeout(10):
                while len(log) < 10:
                    await asyncio.sleep(0.01)
            await store.settled()
            late = store.core.around.clock.now() + 1
            assert tuple(await asked.fetchrow(COUNTS)) == (10, 10)

            await prune(store.core, at_once, late)

            assert tuple(await asked.fetchrow(COUNTS)) == (0, 0)
        async with app.running("orders", store=store) as client:
            await client.execute(PlaceOrder(order_id="unread"))

            await prune(store.core, at_once, late + 1)

            assert tuple(await asked.fetchrow(COUNTS)) == (0, 1)
    finally:
        await asked.close()
