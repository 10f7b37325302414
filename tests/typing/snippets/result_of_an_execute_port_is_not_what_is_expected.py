from words import ChargeCard, PlaceOrder, Receipt, orders

from tense import Execute, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, charge: Execute[ChargeCard]) -> Receipt:
    total: int = await charge(ChargeCard(cents=1))  # expect: mypy=assignment pyright=reportAssignmentType
    return Receipt(total_cents=total)
