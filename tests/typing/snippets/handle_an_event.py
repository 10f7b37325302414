from words import OrderPlaced, orders

from tense import Service

service = Service(orders)


@service.handles(OrderPlaced)  # expect: mypy=arg-type,call-overload pyright=reportArgumentType
async def placed(event: OrderPlaced) -> None: ...
