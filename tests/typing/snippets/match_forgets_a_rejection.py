from typing import assert_never

from words import EmptyOrder, OutOfStock, PlaceOrder, Receipt

from tense import Client


async def forgets(client: Client) -> str:
    outcome = await client.outcome(PlaceOrder(order_id="1"))
    match outcome:
        case Receipt():
            return "done"
        case EmptyOrder():
            return "empty"
        case _:
            assert_never(outcome)  # expect: mypy=arg-type pyright=reportArgumentType


async def remembers(client: Client) -> str:
    outcome = await client.outcome(PlaceOrder(order_id="1"))
    match outcome:
        case Receipt():
            return "done"
        case EmptyOrder():
            return "empty"
        case OutOfStock():
            return outcome.sku
        case _:
            assert_never(outcome)
