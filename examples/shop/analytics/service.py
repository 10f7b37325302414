"""Analytics: what is sold how often."""

from examples.shop.analytics.contract import analytics
from examples.shop.orders.contract import OrderPlaced
from tense import Service, Transaction

service = Service(analytics)

TABLE = """CREATE TABLE IF NOT EXISTS sales (
    sku TEXT PRIMARY KEY, orders INTEGER NOT NULL, pieces INTEGER NOT NULL, cents INTEGER NOT NULL)
"""
ADD = """INSERT INTO sales VALUES (:sku, 1, :count, :cents)
ON CONFLICT (sku) DO UPDATE SET
    orders = sales.orders + 1, pieces = sales.pieces + excluded.pieces, cents = sales.cents + excluded.cents
"""


@service.subscribes(OrderPlaced)
async def count_sale(event: OrderPlaced, db: Transaction) -> None:
    """Plain additions are right here: an event is counted once, whatever is retried or killed."""
    await db.execute(TABLE)
    rows = [{"sku": line.sku, "count": line.count, "cents": line.count * line.cents} for line in event.lines]
    await db.execute_many(ADD, rows)
