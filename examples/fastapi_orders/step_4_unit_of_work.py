"""Step 4: handlers own the unit of work, and it is the project's own session.

`SqlAlchemyUnit` opens a session for each message, hands it to the handler, and commits it together with the mark that the
message was handled, its answer, and what the handler said. `place_order` is the function of step 1, unchanged. The web
process of step 3 does not change either.

    tense run examples.fastapi_orders.step_4_unit_of_work:app
    uvicorn examples.fastapi_orders.step_4_unit_of_work:web
"""

from sqlalchemy.ext.asyncio import AsyncSession

from examples.fastapi_orders import step_3_commands
from examples.fastapi_orders.contract import OrderPlaced, PlaceOrder, orders
from examples.fastapi_orders.shop import Database, NewOrder, Parcel, from_environment, place_order
from tense import App, Contract, Publish, Service
from tense.sqlalchemy.unit import SqlAlchemyUnit


def build_worker(database: Database) -> App:
    """The services, in sessions."""
    service, warehouse = Service(orders), Service(Contract("warehouse"))

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, session: AsyncSession, publish: Publish[OrderPlaced]) -> int:
        order = NewOrder(order_id=command.order_id, sku=command.sku, count=command.count)
        return await place_order(session, publish, order)  # raises SoldOut: an answer, and nothing is written

    @warehouse.subscribes(OrderPlaced, from_start=True)
    async def pack(event: OrderPlaced, session: AsyncSession) -> None:
        session.add(Parcel(order_id=event.order_id, contents=f"{event.count} x {event.sku}"))

    return App(service, warehouse, store=database.store, unit_of_work=SqlAlchemyUnit(database.sessions))


app = build_worker(from_environment())
web = step_3_commands.build(app)
