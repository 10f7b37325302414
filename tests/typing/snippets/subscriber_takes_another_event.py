from words import OrderCancelled, OrderPlaced, shipping

from tense import Service

service = Service(shipping)


@service.subscribes(OrderPlaced)  # expect: mypy=arg-type pyright=reportArgumentType,reportCallIssue,reportUntypedFunctionDecorator
async def ship(event: OrderCancelled) -> None: ...
