from words import OrderPlaced, PlaceOrder, Receipt, orders

from tense import Publish, Service

service = Service(orders)


@service.handles(PlaceOrder)
async def place_order(command: PlaceOrder, publish: Publish[OrderPlaced]) -> Receipt:
    publish(OrderPlaced(order_id=command.order_id))
    return Receipt(total_cents=0)


async def caller() -> None:
    await place_order(PlaceOrder(order_id="1"))  # expect: mypy=call-arg pyright=reportCallIssue
    total: int = await place_order(PlaceOrder(order_id="1"), print)  # expect: mypy=assignment pyright=reportAssignmentType
    print(total)
