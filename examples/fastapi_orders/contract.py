"""The words of orders. It imports Tense and plain values: this file is what another team installs."""

from tense import Command, Contract, Event, Rejection

orders = Contract("orders")


class SoldOut(Rejection):
    """There is not enough of it. An answer, and no error."""

    sku: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    """Step 1: the shop says that this happened, to whoever listens."""

    order_id: str
    sku: str
    count: int


class PlaceOrder(Command[int, SoldOut], owner=orders, key="order_id"):
    """Step 3: somebody asks for it, and is told what is left, or why not."""

    order_id: str
    sku: str
    count: int
