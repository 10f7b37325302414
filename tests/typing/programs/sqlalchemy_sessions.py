"""Handlers whose unit of work is the project's own AsyncSession, beside FastAPI views with an outbox in the same sessions."""

from typing import Annotated, assert_type

from fastapi import Depends, FastAPI, HTTPException
from shop_contract import EmptyOrder, OutOfStock, Receipt
from sqlalchemy import MetaData, Table, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tense import App, Command, Contract, Event, Metadata, Publish, Service, Transaction, scoped
from tense.sqlalchemy.tables import bring_tables, tables
from tense.sqlalchemy.unit import SqlAlchemyUnit

STORE = "sqlite:///shop.db"


sales = Contract("sales")


class PlaceOrder(Command[Receipt, EmptyOrder | OutOfStock], owner=sales, key="order_id"):
    order_id: str
    skus: tuple[str, ...] = ()


class OrderPlaced(Event, owner=sales, key="order_id"):
    order_id: str
    total_cents: int


class Base(DeclarativeBase): ...


class OrderRow(Base):
    __tablename__ = "orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    total_cents: Mapped[int]


class Session(AsyncSession):
    """The project's own class of sessions."""


sessions = async_sessionmaker(create_async_engine("sqlite+aiosqlite:///shop.db"), class_=Session)


class Orders:
    """A repository: it lives as long as the message, in the message's session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    def add(self, order_id: str, total_cents: int) -> None:
        self.session.add(OrderRow(id=order_id, total_cents=total_cents))


async def place(session: AsyncSession, publish: Publish[OrderPlaced], order_id: str, total: int) -> None:
    """Fits the handler below, and the view's outbox."""
    session.add(OrderRow(id=order_id, total_cents=total))
    publish(OrderPlaced(order_id=order_id, total_cents=total))


ordering, counting = Service(sales), Service(Contract("counting"))


@ordering.handles(PlaceOrder)
async def place_order(
    command: PlaceOrder, session: Session, repository: Orders, publish: Publish[OrderPlaced]
) -> Receipt | OutOfStock | EmptyOrder:
    if not command.skus:
        return EmptyOrder()
    known = await session.scalar(select(OrderRow.total_cents).where(OrderRow.id == command.order_id))
    assert_type(known, int | None)
    await place(session, publish, command.order_id, 100)
    repository.add(f"{command.order_id} again", 100)
    return Receipt(reference=command.order_id, total_cents=100)


@counting.subscribes(OrderPlaced)
async def count(event: OrderPlaced, db: Transaction, session: AsyncSession, about: Metadata) -> None:
    assert_type(await db.execute("UPDATE totals SET cents = cents + :cents", cents=event.total_cents), int)
    await session.flush()


app = App(
    ordering,
    counting,
    provide=[scoped(Orders, "message")],
    store=STORE,
    unit_of_work=SqlAlchemyUnit(sessions),
)

assert_type(tables(Base.metadata, STORE), list[Table])
assert_type(tables(MetaData(), STORE), list[Table])

api = FastAPI()


async def session() -> AsyncSession:
    return sessions()


@api.post("/orders/{order_id}")
async def post(order_id: str, db: Annotated[AsyncSession, Depends(session)]) -> None:
    try:
        async with db, db.begin(), app.outbox(db) as out:
            await place(db, out.publish, order_id, 100)
    except OutOfStock as out_of_stock:
        raise HTTPException(409, out_of_stock.sku) from None


async def migrate() -> None:
    async with sessions() as opened:
        connection = await opened.connection()
        await connection.run_sync(bring_tables, STORE)


async def ask() -> None:
    async with app.client() as client:
        receipt = await client.execute(PlaceOrder(order_id="a", skus=("tea",)))
        assert_type(receipt, Receipt)
