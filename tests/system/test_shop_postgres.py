"""One word moves the shop: the same services on a PostgreSQL store."""

import asyncio

import pytest
from asked import Asked

pytestmark = pytest.mark.server("postgres")

HANDLED = (
    "SELECT (SELECT count(*) FROM parcels), (SELECT sum(orders) FROM sales WHERE sku = 'tea'), "
    "(SELECT sum(orders) FROM points), (SELECT count(*) FROM mails WHERE subject LIKE 'Thank%')"
)


async def test_the_shop_runs_on_postgres(postgres: str) -> None:
    from examples.shop.app import app
    from examples.shop.orders.contract import OutOfStock
    from examples.shop.story.ordinary import open_the_shop, order

    asked = await Asked(postgres).connect()
    try:
        async with app.running(store=postgres) as client:
            await open_the_shop(client)
            receipt = await client.execute(order("1001", tea=2, cup=1))
            answer = await client.outcome(order("1002", "grace", samovar=2))
            await asyncio.gather(*(client.execute(order(f"many-{n}", f"customer-{n % 5}")) for n in range(30)))
            async with asyncio.timeout(20):
                while tuple(await asked.fetchrow(HANDLED)) != (31, 31, 31, 31):
                    await asyncio.sleep(0.05)

        assert receipt.total_cents == 1600
        assert isinstance(answer, OutOfStock)
        assert await asked.fetchval("SELECT count FROM shelf WHERE sku = 'tea'") == 5000 - 2 - 30
        assert await asked.fetchval("SELECT count(*) FROM dead") == 0
    finally:
        await asked.close()
