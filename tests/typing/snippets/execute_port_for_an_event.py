from words import OrderPlaced, PlaceOrder, Receipt, orders

from tense import Execute, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, execute: Execute[OrderPlaced]) -> Receipt:  # expect: mypy=type-var pyright=reportInvalidTypeArguments
    return Receipt(total_cents=0)
