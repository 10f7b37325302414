"""The words of orders: what may be asked of it, and what it says when something happened.

This file is what another team installs. It imports Tense and plain values, and nothing that does any work.
"""

from datetime import timedelta

import msgspec

from tense import Command, Contract, Event, Rejection

orders = Contract("orders")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of one article, at the price the customer saw."""

    sku: str
    count: int
    cents: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer gets for an order: the answer to `PlaceOrder`."""

    order_id: str
    total_cents: int
    payment: str


class EmptyOrder(Rejection):
    """There is nothing to deliver."""


class PaymentDeclined(Rejection):
    """The card was not charged, for this reason."""

    reason: str


class OutOfStock(Rejection):
    """An article is sold out. The payment, if there was one, goes back."""

    sku: str


class PlaceOrder(
    Command[Receipt, EmptyOrder | PaymentDeclined | OutOfStock],
    owner=orders,
    key="order_id",
    deadline=timedelta(minutes=10),
):
    """Pay for these lines, reserve them, and promise to deliver them."""

    order_id: str
    customer: str
    card: str
    lines: tuple[Line, ...]


class OrderPlaced(Event, owner=orders, key="order_id"):
    """An order was paid for and its goods are reserved."""

    order_id: str
    customer: str
    total_cents: int
    lines: tuple[Line, ...]
