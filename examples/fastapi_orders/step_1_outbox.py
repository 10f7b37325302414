"""Step 1: the event leaves with the order's own transaction, or was never said.

The view keeps its session and its commit. Two lines are new: the app that owns the words, and `async with app.outbox`.
Once, in the deployment: `tense db migrate --store sqlite:///orders.db` (or an Alembic migration, docs/howto/sqlalchemy.md).

    uvicorn examples.fastapi_orders.step_1_outbox:web
"""

from fastapi import FastAPI, HTTPException

from examples.fastapi_orders.contract import SoldOut, orders
from examples.fastapi_orders.shop import Database, NewOrder, from_environment, place_order
from tense import App, Service


def build(database: Database) -> FastAPI:
    """The project, with an outbox."""
    web = FastAPI()
    app = App(Service(orders), store=database.store)  # new

    @web.post("/orders", status_code=201)
    async def post_order(order: NewOrder) -> dict[str, int]:
        try:
            async with database.sessions.begin() as session, app.outbox(session) as out:  # new: the outbox, inside
                left = await place_order(session, out.publish, order)
        except SoldOut as sold_out:
            raise HTTPException(409, f"{sold_out.sku} is sold out") from None
        return {"left": left}

    return web


web = build(from_environment())
