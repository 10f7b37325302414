"""The words that the snippets use."""

from msgspec import Struct

from tense import Command, Contract, Event, Rejection

orders = Contract("orders")
payment = Contract("payment")
shipping = Contract("shipping")


class Receipt(Struct, frozen=True, kw_only=True):
    total_cents: int


class EmptyOrder(Rejection): ...


class OutOfStock(Rejection):
    sku: str


class CardDeclined(Rejection):
    reason: str


class PlaceOrder(Command[Receipt, EmptyOrder | OutOfStock], owner=orders, key="order_id"):
    order_id: str
    total_cents: int = 0


class ChargeCard(Command[str, CardDeclined], owner=payment):
    cents: int


class ShipOrder(Command, owner=shipping):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class OrderCancelled(Event, owner=orders, key="order_id"):
    order_id: str
