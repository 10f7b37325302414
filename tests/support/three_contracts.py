"""Three contracts, and a look at what is refused when they are put together wrongly."""

import pytest

from tense import Command, Contract, Event, Rejection
from tense.errors import DefinitionError

orders = Contract("orders")
payment = Contract("payment")
mail = Contract("mail")


class OutOfStock(Rejection):
    sku: str


class PlaceOrder(Command[str, OutOfStock], owner=orders, key="order_id"):
    order_id: str


class CancelOrder(Command, owner=orders):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class ChargeCard(Command[str], owner=payment):
    cents: int


class CardCharged(Event, owner=payment):
    cents: int


class CheckMail(Command[str], owner=mail):
    cents: int


async def handle_place_order(command: PlaceOrder) -> str:
    return command.order_id


def refused(error, act):
    with pytest.raises(error) as caught:
        act()
    assert isinstance(caught.value, DefinitionError)
    return str(caught.value)
