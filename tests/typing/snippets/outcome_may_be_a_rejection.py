from words import PlaceOrder, Receipt

from tense import Client


async def from_outside(client: Client) -> Receipt:
    receipt: Receipt = await client.outcome(PlaceOrder(order_id="1"))  # expect: mypy=arg-type pyright=reportAssignmentType
    return receipt
