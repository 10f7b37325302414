from words import PlaceOrder, Receipt, ShipOrder, orders

from tense import Publish, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, publish: Publish[ShipOrder]) -> Receipt:  # expect: mypy=type-var pyright=reportInvalidTypeArguments
    return Receipt(total_cents=0)
