"""What the service that owns orders does when asked."""

from django.db import transaction

from examples.django_orders.orders.contract import (
    AlreadyShipped,
    CancelOrder,
    UnknownOrder,
    orders,
)
from examples.django_orders.shop.models import Order, Parcel
from tense import Service
from tense.django.connected import connected

service = Service(orders)


@service.handles(CancelOrder)
@connected
def cancel_order(command: CancelOrder) -> None:
    """Call an order off."""
    with transaction.atomic():
        order = Order.objects.select_for_update().filter(pk=command.order_id).first()
        if order is None:
            raise UnknownOrder
        parcel = Parcel.objects.filter(order=order, shipped=True).first()
        if parcel is not None:
            raise AlreadyShipped(parcel=parcel.pk)
        order.cancelled = True
        order.save()
