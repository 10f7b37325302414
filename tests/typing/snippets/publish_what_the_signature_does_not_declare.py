from words import OrderCancelled, OrderPlaced, PlaceOrder, Receipt, orders

from tense import Publish, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, publish: Publish[OrderPlaced]) -> Receipt:
    publish(OrderPlaced(order_id=command.order_id))
    publish(OrderCancelled(order_id=command.order_id))  # expect: mypy=arg-type pyright=reportArgumentType
    return Receipt(total_cents=0)
