from words import ChargeCard, PlaceOrder, Receipt, orders

from tense import Service

service = Service(orders)


@service.handles(PlaceOrder)  # expect: mypy=call-overload pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def place_order(command: ChargeCard) -> Receipt:
    return Receipt(total_cents=command.cents)
