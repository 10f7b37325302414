"""What the warehouse does when something happened to an order."""

from examples.django_orders.orders.contract import OrderCancelled, OrderPlaced
from examples.django_orders.shop.models import Parcel, Shelf
from tense import Contract, Service
from tense.django.connected import connected

service = Service(Contract("warehouse"))


@service.subscribes(OrderPlaced, from_start=True)
@connected
def pack(event: OrderPlaced) -> None:
    """Pack a parcel.

    Step 2: a subscriber, in a worker. It runs later, elsewhere, as often as it takes, and none of it can make an order
    fail. Before step 4 the ORM's commit and the mark that this ran are two commits: if the process dies between them,
    it runs again. So it is written to be repeated: the parcel is got, if it is there. `@connected` gives its thread the
    database as a request has it. Since step 4 it needs neither, and both do no harm.
    """
    Parcel.objects.get_or_create(order_id=int(event.order_id))


@service.subscribes(OrderCancelled, from_start=True)
def put_back(event: OrderCancelled) -> None:
    """Unpack what was packed and put it back on the shelf.

    Step 4: to do this twice would be wrong, and it is done once.
    """
    Parcel.objects.filter(order_id=int(event.order_id)).delete()
    shelf, _ = Shelf.objects.get_or_create(sku=event.sku)
    shelf.count += event.count
    shelf.save()
