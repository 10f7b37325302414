"""Words and services that the sentences share; each test makes its own services from them."""

from datetime import timedelta

import msgspec

from tense import Command, Contract, Event, Metadata, Publish, Rejection, Retry, Service

orders = Contract("orders")
payment = Contract("payment")
notes = Contract("notes")
rush = Contract("rush")


class Receipt(msgspec.Struct, frozen=True):
    order_id: str
    total: int = 0


class OutOfStock(Rejection):
    sku: str


class Declined(Rejection): ...


class PlaceOrder(Command[Receipt, OutOfStock], owner=orders, key="order_id"):
    order_id: str
    number: int = 0


class Notify(Command, owner=notes):
    """Without a key."""

    text: str


class Hurry(Command, owner=rush, deadline=timedelta(seconds=10)):
    text: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str
    number: int = 0


class ChargeCard(Command[str, Declined], owner=payment, key="order_id"):
    order_id: str


FEW = Retry(attempts=3, first=timedelta(seconds=1), factor=1.0, longest=timedelta(seconds=1))
"""Three attempts, at most a second apart."""


class Log(list[str]):
    """What happened, in order; `failing` are the entries at which handlers fail."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[str] = set()

    def note(self, entry: str) -> None:
        self.append(entry)
        if entry in self.failing:
            text = f"failing at {entry}"
            raise RuntimeError(text)


def publisher() -> Service:
    """Orders that are placed and published, nothing else."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder, publish: Publish[OrderPlaced]) -> Receipt:
        publish(OrderPlaced(order_id=command.order_id, number=command.number))
        return Receipt(order_id=command.order_id)

    return service


def subscriber(name: str, log: Log, *, from_start: bool = False, on_failure: str = "park") -> Service:
    """A service that notes what it is told."""
    service = Service(Contract(name))

    @service.subscribes(OrderPlaced, retry=FEW, from_start=from_start, on_failure=on_failure)  # type: ignore[arg-type]
    async def hear(event: OrderPlaced, about: Metadata) -> None:
        log.note(f"{event.order_id}.{event.number}")

    return service


def placing(log: Log, *, on_failure: str = "park") -> Service:
    """Orders that are noted when they are placed."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=FEW, on_failure=on_failure)  # type: ignore[arg-type]
    async def place(command: PlaceOrder) -> Receipt:
        log.note(f"{command.order_id}.{command.number}")
        return Receipt(order_id=command.order_id)

    return service
