"""A worker on a pair that dies when its state is durable and its transport knows nothing of it: `python halves.py STATE BROKER PLACE`."""

import asyncio
import sys

from tense import App, Command, Contract, Event, Publish, Service, Transaction
from tense.runtime.load import one_store, open_store
from tense.testing.breakers.failpoints import Failpoints

orders = Contract("orders")


class PlaceOrder(Command[str], owner=orders, key="order_id"):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


ordering = Service(orders)
counting = Service(Contract("counting"))


@ordering.handles(PlaceOrder)
async def place(command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced]) -> str:
    print("placed", flush=True)
    await db.execute("CREATE TABLE IF NOT EXISTS effects (order_id TEXT)")
    await db.execute("INSERT INTO effects VALUES (:order_id)", order_id=command.order_id)
    publish(OrderPlaced(order_id=command.order_id))
    return "done"


@counting.subscribes(OrderPlaced, from_start=True)
async def counted(event: OrderPlaced, db: Transaction) -> None:
    print("counted", flush=True)
    await db.execute("CREATE TABLE IF NOT EXISTS seen (order_id TEXT)")
    await db.execute("INSERT INTO seen VALUES (:order_id)", order_id=event.order_id)


app = App(ordering, counting, lease=3.0)


async def work(state: str, broker: str, place: str) -> None:
    """Run every service until this place of the transport is passed: then the process is gone, as after a SIGKILL."""
    points = Failpoints()
    points.arm(place, "exit")
    async with app.running(store=one_store(state, points.store(open_store(broker)), app.lanes)):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
