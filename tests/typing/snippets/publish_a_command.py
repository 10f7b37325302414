from words import OrderPlaced, PlaceOrder, Receipt, ShipOrder, orders

from tense import Client, Publish, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, publish: Publish[OrderPlaced]) -> Receipt:
    publish(ShipOrder(order_id=command.order_id))  # expect: mypy=arg-type pyright=reportArgumentType
    return Receipt(total_cents=0)


async def from_outside(client: Client) -> None:
    await client.publish(ShipOrder(order_id="1"))  # expect: mypy=arg-type pyright=reportArgumentType
