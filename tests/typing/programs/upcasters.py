"""Old versions of messages become new ones, one step at a time."""

from typing import Any

from tense import App, Command, Contract, Event, Service, upcast

shipping = Contract("shipping")


class ShipOrder(Command, owner=shipping, version=3):
    order_id: str
    street: str
    express: bool


class OrderShipped(Event, owner=shipping, version=2):
    order_id: str
    carrier: str


@upcast(ShipOrder, version=1)
def with_street(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "street": fields.pop("address", "")}


@upcast(ShipOrder, version=2)
def with_express(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "express": False}


@upcast(OrderShipped, version=1)
def with_carrier(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"carrier": "post"}


service = Service(shipping)


@service.handles(ShipOrder)
async def ship(command: ShipOrder) -> None: ...


@service.subscribes(OrderShipped)
async def note(event: OrderShipped) -> None: ...


app = App(service)
assert with_street({"address": "Main"})["street"] == "Main"
