from orders.messages import OrderConfirmed
from shared.bus import bus
from stock.messages import GoodsPicked, ReserveGoods


def reserve_shelf(command: ReserveGoods) -> None: ...


def pick_goods(event: OrderConfirmed) -> None:
    bus.publish(GoodsPicked(order_id=event.order_id, pieces=event.lines))


bus.subscribe(ReserveGoods, reserve_shelf)
bus.subscribe(OrderConfirmed, pick_goods)
