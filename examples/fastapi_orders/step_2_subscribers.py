"""Step 2: what follows from an order happens in a worker, later, as often as it takes.

The web process does not change, and need not know who listens. The warehouse may be down: the log waits for it. A handler
that fails is tried again, alone; what it wrote counts once.

    tense run examples.fastapi_orders.step_2_subscribers:app
"""

from examples.fastapi_orders.contract import OrderPlaced
from examples.fastapi_orders.shop import Database, from_environment
from tense import App, Contract, Service, Transaction


def make_warehouse() -> Service:
    """Who packs what was ordered."""
    warehouse = Service(Contract("warehouse"))

    @warehouse.subscribes(OrderPlaced, from_start=True)
    async def pack(event: OrderPlaced, db: Transaction) -> None:
        contents = f"{event.count} x {event.sku}"
        await db.execute(
            "INSERT INTO parcels (order_id, contents) VALUES (:order_id, :contents)",
            order_id=event.order_id,
            contents=contents,
        )

    return warehouse


def build(database: Database) -> App:
    """The worker."""
    return App(make_warehouse(), store=database.store)


app = build(from_environment())
