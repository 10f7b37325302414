"""What the service that owns orders does when asked."""

from examples.django_orders.orders.contract import (
    AlreadyShipped,
    CancelOrder,
    OrderCancelled,
    UnknownOrder,
    orders,
)
from examples.django_orders.shop.models import Order
from tense import Publish, Service

service = Service(orders)


@service.handles(CancelOrder)
def cancel_order(command: CancelOrder, publish: Publish[OrderCancelled]) -> None:
    """Call an order off.

    Step 4: the handler owns no transaction, it is in one. The row, the event, the answer and the mark that this ran
    commit together; whatever fails or is killed before leaves nothing, and it runs again from the beginning. How it was
    before stands in `step_3.py`.
    """
    order = Order.objects.select_for_update().filter(pk=command.order_id).first()
    if order is None:
        raise UnknownOrder
    parcel = getattr(order, "parcel", None)
    if parcel is not None and parcel.shipped:
        raise AlreadyShipped(parcel=parcel.pk)
    order.cancelled = True
    order.save()
    publish(OrderCancelled(order_id=command.order_id, sku=order.sku, count=order.count))
