"""The words of payment."""

from datetime import timedelta

from tense import Command, Contract, Event, Rejection

payment = Contract("payment")


class CardDeclined(Rejection):
    """The card's bank said no."""

    reason: str


class ChargeCard(Command[str, CardDeclined], owner=payment, key="order_id", deadline=timedelta(minutes=10)):
    """Take this much from a card. The answer is the payment's reference."""

    order_id: str
    customer: str
    card: str
    cents: int


class RefundCharge(Command, owner=payment, key="order_id"):
    """Give the money of a payment back."""

    order_id: str
    payment: str


class CardCharged(Event, owner=payment, key="order_id"):
    """Money was taken."""

    order_id: str
    payment: str
    cents: int


class ChargeRefunded(Event, owner=payment, key="order_id"):
    """Money was given back."""

    order_id: str
    customer: str
    payment: str
    cents: int
