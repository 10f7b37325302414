"""Code without a loop: one client per process, opened once, used from any thread."""

from contextlib import ExitStack
from functools import cache

from shop_contract import CancelOrder, EmptyOrder, OutOfStock, PlaceOrder, Receipt
from shop_service import app

from tense import BlockingClient, BlockingTicket

opened = ExitStack()


@cache
def client() -> BlockingClient:
    return opened.enter_context(app.blocking_client(store="sqlite:///shop.db"))


def place(order_id: str) -> str:
    ticket: BlockingTicket[Receipt, EmptyOrder | OutOfStock] = client().send(PlaceOrder(order_id=order_id))
    return ticket.id


def look(ticket_id: str) -> str:
    ticket = client().ticket(PlaceOrder, ticket_id)
    outcome = ticket.outcome(timeout=1)
    if isinstance(outcome, Receipt):
        return outcome.reference
    if isinstance(outcome, OutOfStock):
        return outcome.sku
    return type(outcome).__name__


def cancel(order_id: str) -> bool:
    client().execute(CancelOrder(order_id=order_id))
    ticket: BlockingTicket[None, EmptyOrder] = client().send(CancelOrder(order_id=order_id))
    return ticket.cancel()
