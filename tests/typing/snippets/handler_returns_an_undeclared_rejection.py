from words import CardDeclined, PlaceOrder, Receipt, orders

from tense import Service

service = Service(orders)


@service.handles(PlaceOrder)  # expect: mypy=call-overload pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def place_order(command: PlaceOrder) -> Receipt | CardDeclined:
    return CardDeclined(reason="stolen")
