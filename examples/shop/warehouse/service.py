"""Warehouse: packs a parcel for each order."""

from examples.shop.orders.contract import OrderPlaced
from examples.shop.warehouse.contract import warehouse
from tense import Service, Transaction

service = Service(warehouse)

TABLE = "CREATE TABLE IF NOT EXISTS parcels (order_id TEXT PRIMARY KEY, pieces INTEGER NOT NULL)"


@service.subscribes(OrderPlaced)
async def pack(event: OrderPlaced, db: Transaction) -> None:
    """One parcel for one order. The primary key would refuse a second, and no second ever comes."""
    await db.execute(TABLE)
    pieces = sum(line.count for line in event.lines)
    await db.execute("INSERT INTO parcels VALUES (:order_id, :pieces)", order_id=event.order_id, pieces=pieces)
