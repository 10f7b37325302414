"""Loyalty: a point for each full euro."""

from examples.shop.loyalty.contract import loyalty
from examples.shop.orders.contract import OrderPlaced
from tense import Service, Transaction

service = Service(loyalty)

TABLE = (
    "CREATE TABLE IF NOT EXISTS points (customer TEXT PRIMARY KEY, points INTEGER NOT NULL, orders INTEGER NOT NULL)"
)
ADD = """INSERT INTO points VALUES (:customer, :points, 1)
ON CONFLICT (customer) DO UPDATE SET points = points.points + excluded.points, orders = points.orders + 1
"""


@service.subscribes(OrderPlaced)
async def give_points(event: OrderPlaced, db: Transaction) -> None:
    """Add to the customer's points."""
    await db.execute(TABLE)
    await db.execute(ADD, customer=event.customer, points=event.total_cents // 100)
