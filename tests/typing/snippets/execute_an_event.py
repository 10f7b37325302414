from words import OrderPlaced

from tense import BlockingClient, Client


async def from_outside(client: Client) -> None:
    await client.execute(OrderPlaced(order_id="1"))  # expect: mypy=arg-type pyright=reportArgumentType


def without_a_loop(client: BlockingClient) -> None:
    client.execute(OrderPlaced(order_id="1"))  # expect: mypy=arg-type pyright=reportArgumentType
