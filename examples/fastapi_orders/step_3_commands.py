"""Step 3: the view asks, and the worker answers. The order is placed once, however often the browser asks.

Placing an order moves out of the web process: the view sends a command with an id, waits, and reads a result or a refusal.
The handler runs beside the warehouse of step 2, in the worker. It writes SQL here; step 4 gives it the session back.

    tense run examples.fastapi_orders.step_3_commands:app
    uvicorn examples.fastapi_orders.step_3_commands:web
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException

from examples.fastapi_orders.contract import OrderPlaced, PlaceOrder, SoldOut, orders
from examples.fastapi_orders.shop import Database, NewOrder, from_environment
from examples.fastapi_orders.step_2_subscribers import make_warehouse
from tense import App, Client, OutcomeUnknown, Publish, Service, Transaction

TAKE = "UPDATE stock SET count = count - :count WHERE sku = :sku AND count >= :count"
ADD = "INSERT INTO orders (order_id, sku, count) VALUES (:order_id, :sku, :count)"


def build_worker(database: Database) -> App:
    """The services of orders and of the warehouse."""
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced]) -> int:
        about = {"order_id": command.order_id, "sku": command.sku, "count": command.count}
        if not await db.execute(TAKE, {"sku": command.sku, "count": command.count}):
            raise SoldOut(sku=command.sku)
        await db.execute(ADD, about)
        publish(OrderPlaced(order_id=command.order_id, sku=command.sku, count=command.count))
        left: int = await db.fetch_value("SELECT count FROM stock WHERE sku = :sku", sku=command.sku)
        return left

    return App(service, make_warehouse(), store=database.store)


def build(app: App) -> FastAPI:
    """The web process: it sends, and runs no service."""
    opened: list[Client] = []

    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncIterator[None]:
        async with app.client() as client:
            opened.append(client)
            yield
            opened.clear()

    web = FastAPI(lifespan=lifespan)

    @web.put("/orders/{order_id}", status_code=201)
    async def put_order(order_id: str, order: NewOrder) -> dict[str, int]:
        command = PlaceOrder(order_id=order_id, sku=order.sku, count=order.count)
        try:
            # The order's own id: who sends it twice gets the first answer twice.
            answer = await opened[0].outcome(command, id=f"order-{order_id}", timeout=10)
        except OutcomeUnknown:
            raise HTTPException(202, "accepted, and not done yet: ask again") from None
        if isinstance(answer, SoldOut):
            raise HTTPException(409, f"{answer.sku} is sold out")
        return {"left": answer}

    return web


app = build_worker(from_environment())
web = build(app)
