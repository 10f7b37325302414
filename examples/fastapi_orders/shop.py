"""What was there before: tables, sessions, and what it means to place an order."""

import os
from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from examples.fastapi_orders.contract import OrderPlaced, SoldOut
from tense import Publish

STOCK = {"tea": 100, "samovar": 1}
"""What is there when the tables are made."""


class Base(DeclarativeBase):
    """The project's tables. With Alembic, `tables(Base.metadata, store)` stands below them: docs/howto/sqlalchemy.md."""


class Stock(Base):
    """How many of a thing are left."""

    __tablename__ = "stock"

    sku: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class Order(Base):
    """An order that was placed."""

    __tablename__ = "orders"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    sku: Mapped[str]
    count: Mapped[int]


class Parcel(Base):
    """What the warehouse packed."""

    __tablename__ = "parcels"

    order_id: Mapped[str] = mapped_column(primary_key=True)
    contents: Mapped[str]


class NewOrder(BaseModel):
    """The body of a request."""

    order_id: str
    sku: str
    count: int = 1


@dataclass(frozen=True)
class Database:
    """The project's database: its sessions, and where Tense finds the same one (`App(store=...)`)."""

    engine: AsyncEngine
    store: str

    @property
    def sessions(self) -> async_sessionmaker[AsyncSession]:
        """A session for each request, or for each message."""
        return async_sessionmaker(self.engine, expire_on_commit=False)

    async def make_tables(self) -> None:
        """The project's own; a real project has migrations."""
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with self.sessions.begin() as session:
            for sku, count in STOCK.items():
                if await session.get(Stock, sku) is None:
                    session.add(Stock(sku=sku, count=count))


def from_environment() -> Database:
    """`ORDERS_STORE`: sqlite:///orders.db, or postgresql://user@host/orders."""
    store = os.environ.get("ORDERS_STORE", "sqlite:///orders.db")
    address = store.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+asyncpg:")
    return Database(create_async_engine(address), store)


async def place_order(session: AsyncSession, publish: Publish[OrderPlaced], order: NewOrder) -> int:
    """Write an order down and say so; gives what is left.

    It takes any `Publish[OrderPlaced]`: the outbox's of step 1, and the handler's of step 4.

    Raises:
        SoldOut: there is not enough.
    """
    stock = await session.get(Stock, order.sku, with_for_update=True)
    if stock is None or stock.count < order.count:
        raise SoldOut(sku=order.sku)
    stock.count -= order.count
    session.add(Order(order_id=order.order_id, sku=order.sku, count=order.count))
    publish(OrderPlaced(order_id=order.order_id, sku=order.sku, count=order.count))
    return stock.count
