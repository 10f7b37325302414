"""FastAPI views that execute commands, beside SQLAlchemy models of their own."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from shop_contract import EmptyOrder, Line, OutOfStock, PlaceOrder, Receipt
from shop_service import app as shop
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from tense import Client, OutcomeUnknown


class Base(DeclarativeBase): ...


class OrderRow(Base):
    __tablename__ = "orders"

    id: Mapped[str] = mapped_column(primary_key=True)
    total_cents: Mapped[int]


sessions = sessionmaker(create_engine("sqlite:///shop.db"))


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncGenerator[None]:
    async with shop.client() as client:
        api.state.client = client
        yield


def client_of(request: Request) -> Client:
    client = request.app.state.client
    assert isinstance(client, Client)
    return client


def session() -> Iterator[Session]:
    with sessions() as opened:
        yield opened


api = FastAPI(lifespan=lifespan)


class NewOrder(BaseModel):
    order_id: str
    skus: list[str]


class Placed(BaseModel):
    reference: str
    total_cents: int


@api.post("/orders")
async def place(order: NewOrder, client: Annotated[Client, Depends(client_of)]) -> Placed:
    lines = tuple(Line(sku=sku) for sku in order.skus)
    try:
        outcome = await client.outcome(PlaceOrder(order_id=order.order_id, lines=lines), timeout=5, id=order.order_id)
    except OutcomeUnknown as unknown:
        raise HTTPException(202, unknown.id) from None
    match outcome:
        case Receipt():
            return Placed(reference=outcome.reference, total_cents=outcome.total_cents)
        case EmptyOrder():
            raise HTTPException(422, "empty")
        case OutOfStock():
            raise HTTPException(409, outcome.sku)


@api.get("/orders/{order_id}")
def read(order_id: str, db: Annotated[Session, Depends(session)]) -> int:
    total: int | None = db.scalar(select(OrderRow.total_cents).where(OrderRow.id == order_id))
    if total is None:
        raise HTTPException(404)
    return total
