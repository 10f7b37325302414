"""The service as it was in step 3, when its handler still owned its transaction. Nothing but the tests uses it now."""

from django.db import transaction

from examples.django_orders.orders.contract import AlreadyShipped, CancelOrder, UnknownOrder, orders
from examples.django_orders.shop.models import Order
from tense import Service
from tense.django.connected import connected

service = Service(orders)


@service.handles(CancelOrder)
@connected
def cancel_order(command: CancelOrder) -> None:
    """Call an order off.

    Step 3: it may run twice, if the process dies between the ORM's commit and the mark that it ran. That is fine here:
    an order that is cancelled twice is cancelled. An event could not leave with the row.
    """
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=command.order_id).first()
        if order is None:
            raise UnknownOrder
        parcel = getattr(order, "parcel", None)
        if parcel is not None and parcel.shipped:
            raise AlreadyShipped(parcel=parcel.pk)
        order.cancelled = True
        order.save()
