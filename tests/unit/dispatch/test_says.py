"""What a handler may say, when it has several ports of one kind."""

import pytest

from tense import App, Command, Contract, Execute, Service
from tense.errors import ExecuteCycleError

orders, payment, stock = Contract("orders"), Contract("payment"), Contract("stock")


class PlaceOrder(Command, owner=orders):
    order_id: str


class ChargeCard(Command, owner=payment):
    order_id: str


class ReserveStock(Command, owner=stock):
    order_id: str


def services(*, back: bool) -> tuple[Service, Service, Service]:
    ordering, paying, stocking = Service(orders), Service(payment), Service(stock)

    @ordering.handles(PlaceOrder)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard], reserve: Execute[ReserveStock]) -> None: ...

    @stocking.handles(ReserveStock)
    async def reserve(command: ReserveStock) -> None: ...

    if back:

        @paying.handles(ChargeCard)
        async def charge_back(command: ChargeCard, place: Execute[PlaceOrder]) -> None: ...

    else:

        @paying.handles(ChargeCard)
        async def charge(command: ChargeCard) -> None: ...

    return ordering, paying, stocking


def test_every_port_of_one_kind_is_told() -> None:
    app = App(*services(back=False))

    said = app.registry.says(next(each for each in app.registry.handlers if each.service == "orders"))

    assert [declaration.name for declaration in said["execute"]] == ["payment.ChargeCard", "stock.ReserveStock"]


def test_a_circle_through_the_first_of_two_execute_ports_is_refused() -> None:
    with pytest.raises(ExecuteCycleError, match="orders -> payment -> orders"):
        App(*services(back=True))
