"""Recommendations: what is bought how often, from the first order on.

It joined when the shop had been open for long. `from_start=True` feeds it the log from its beginning; orders was not
changed, not restarted and not told.
"""

from examples.shop.orders.contract import OrderPlaced
from examples.shop.recommendations.contract import recommendations
from tense import Service, Transaction

service = Service(recommendations)

TABLE = "CREATE TABLE IF NOT EXISTS baskets (order_id TEXT NOT NULL, sku TEXT NOT NULL, PRIMARY KEY (order_id, sku))"


@service.subscribes(OrderPlaced, from_start=True)
async def remember_basket(event: OrderPlaced, db: Transaction) -> None:
    """Keep what was in one basket."""
    await db.execute(TABLE)
    rows = [{"order_id": event.order_id, "sku": sku} for sku in sorted({line.sku for line in event.lines})]
    await db.execute_many("INSERT INTO baskets VALUES (:order_id, :sku)", rows)
