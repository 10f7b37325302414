from words import OrderPlaced, shipping

from tense import Retry, Service

service = Service(shipping)


@service.subscribes(OrderPlaced, retry=Retry(attempts="many"), on_failure="explode")  # expect: mypy=arg-type,arg-type pyright=reportArgumentType,reportArgumentType
async def ship(event: OrderPlaced) -> None: ...
