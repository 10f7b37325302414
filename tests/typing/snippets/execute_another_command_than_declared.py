from words import ChargeCard, PlaceOrder, Receipt, ShipOrder, orders

from tense import Execute, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, charge: Execute[ChargeCard]) -> Receipt:
    await charge(ShipOrder(order_id=command.order_id))  # expect: mypy=arg-type pyright=reportArgumentType
    await charge.outcome(ShipOrder(order_id=command.order_id))  # expect: mypy=arg-type pyright=reportArgumentType
    return Receipt(total_cents=0)
