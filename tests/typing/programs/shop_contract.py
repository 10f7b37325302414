"""A contract: what another team installs. Imports tense and plain values, nothing else."""

from datetime import timedelta

from msgspec import Struct

from tense import Command, Contract, Event, Rejection

orders = Contract("orders")
payment = Contract("payment")
shipping = Contract("shipping")


class Line(Struct, frozen=True, kw_only=True):
    sku: str
    quantity: int = 1


class Receipt(Struct, frozen=True, kw_only=True):
    reference: str
    total_cents: int


class EmptyOrder(Rejection): ...


class OutOfStock(Rejection):
    sku: str


class CardDeclined(Rejection):
    reason: str = "unknown"


class PlaceOrder(Command[Receipt, EmptyOrder | OutOfStock], owner=orders, key="order_id"):
    order_id: str
    lines: tuple[Line, ...] = ()


class CancelOrder(Command[None, EmptyOrder], owner=orders, key="order_id", deadline=timedelta(minutes=5)):
    order_id: str


class ChargeCard(Command[str, CardDeclined], owner=payment, key="order_id", version=2):
    order_id: str
    cents: int


class ShipOrder(Command, owner=shipping, name="shipping.Ship"):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str
    total_cents: int


class OrderCancelled(Event, owner=orders, key="order_id"):
    order_id: str
