"""The words of orders. This file is what another team installs: it imports Tense, and no Django."""

from tense import Command, Contract, Event, Rejection

orders = Contract("orders")


class UnknownOrder(Rejection):
    """There is no such order."""


class AlreadyShipped(Rejection):
    """The parcel has left, and cannot be called back."""

    parcel: int


class OrderPlaced(Event, owner=orders, key="order_id"):
    """A customer ordered something."""

    order_id: str
    sku: str
    count: int


class OrderCancelled(Event, owner=orders, key="order_id"):
    """An order that had not left was called off."""

    order_id: str
    sku: str
    count: int


class CancelOrder(Command[None, UnknownOrder | AlreadyShipped], owner=orders, key="order_id"):
    """Call an order off, if it has not left."""

    order_id: str
