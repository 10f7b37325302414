from words import OrderPlaced, shipping

from tense import Service

service = Service(shipping)


@service.subscribes(OrderPlaced)  # expect: mypy=arg-type pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def ship(event: OrderPlaced) -> str:
    return event.order_id
