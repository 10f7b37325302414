from words import OrderPlaced, shipping

from tense import Service

service = Service(shipping)


@service.subscribes(OrderPlaced)
async def ship(event: OrderPlaced) -> None: ...


async def caller() -> None:
    parcel = await ship(OrderPlaced(order_id="1"))  # expect: mypy=func-returns-value
    print(parcel)
