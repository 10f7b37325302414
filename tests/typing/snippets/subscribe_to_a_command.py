from words import PlaceOrder, shipping

from tense import Service

service = Service(shipping)


@service.subscribes(PlaceOrder)  # expect: mypy=arg-type pyright=reportArgumentType
async def ship(event: PlaceOrder) -> None: ...
