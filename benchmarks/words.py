"""Words: the messages that all rows use, about 256 bytes of JSON each."""

import msgspec

from tense import Command, Contract, Event

orders = Contract("orders")

PADDING = "x" * 180
CUSTOMER = "customer-0000042"


class Receipt(msgspec.Struct, frozen=True):
    """What an order is answered with."""

    total: int


class PlaceOrder(Command[Receipt], owner=orders):
    """An order of about 256 bytes."""

    order_id: str
    customer: str = CUSTOMER
    cents: int = 1999
    note: str = PADDING


class OrderPlaced(Event, owner=orders):
    """The event of the same size."""

    order_id: str
    customer: str = CUSTOMER
    cents: int = 1999
    note: str = PADDING
