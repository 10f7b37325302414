"""What a handler may say is all of its ports together, also two of one kind."""

from tense import Command, Contract, Execute, Service
from tense.dispatch.registry import Registry

shop, stock = Contract("shop"), Contract("stock")


class BuyGoods(Command, owner=shop):
    goods: str


class ReserveGoods(Command, owner=stock):
    goods: str


class WeighGoods(Command, owner=stock):
    goods: str


service = Service(shop)


@service.handles(BuyGoods)
async def buy(command: BuyGoods, reserve: Execute[ReserveGoods], weigh: Execute[WeighGoods]) -> None: ...


def test_two_ports_of_one_kind_are_both_told():
    from tense import App

    registry: Registry = App(service).registry
    (handler,) = (one for one in registry.handlers if one.declaration.name == "shop.BuyGoods")

    assert {one.name for one in registry.says(handler)["execute"]} == {"stock.ReserveGoods", "stock.WeighGoods"}
