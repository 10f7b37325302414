"""A second team reads events with classes of its own: the wire name and the fields it needs, nothing of the first's code."""

from collections import Counter
from typing import Literal

from tense import App, Contract, Event, Service, Transaction

theirs = Contract("orders")


class OrderPlaced(Event, owner=theirs, key="order_id"):
    order_id: str
    channel: Literal["web", "phone"] | None = None


class Moved(Event, owner=theirs, name="orders.OrderMoved", version=3):
    order_id: str


analytics = Service(Contract("analytics"))
seen: Counter[str] = Counter()


@analytics.subscribes(OrderPlaced, from_start=True)
async def count(event: OrderPlaced) -> None:
    seen[event.channel or "unknown"] += 1


@analytics.subscribes(Moved)
async def move(event: Moved, db: Transaction) -> None:
    row = await db.fetch_one("SELECT id FROM orders WHERE id = :id", id=event.order_id)
    if row is None:
        seen["lost"] += 1


app = App(analytics)
