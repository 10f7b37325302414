from words import PlaceOrder

from tense import Client


async def from_outside(client: Client) -> None:
    total: int = await client.execute(PlaceOrder(order_id="1"))  # expect: mypy=arg-type pyright=reportAssignmentType
    print(total)
