from words import OrderPlaced, PlaceOrder, Receipt, orders

from tense import Send, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, send: Send[OrderPlaced]) -> Receipt:  # expect: mypy=type-var pyright=reportInvalidTypeArguments
    return Receipt(total_cents=0)
