from words import ChargeCard, PlaceOrder, Receipt, ShipOrder, orders

from tense import Send, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, send: Send[ShipOrder]) -> Receipt:
    send(ShipOrder(order_id=command.order_id))
    send(ChargeCard(cents=100))  # expect: mypy=arg-type pyright=reportArgumentType
    return Receipt(total_cents=0)
