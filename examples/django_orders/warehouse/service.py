"""What the warehouse does when something happened to an order."""

from examples.django_orders.orders.contract import OrderPlaced
from examples.django_orders.shop.models import Parcel
from tense import Contract, Service
from tense.django.connected import connected

service = Service(Contract("warehouse"))


@service.subscribes(OrderPlaced, from_start=True)
@connected
def pack(event: OrderPlaced) -> None:
    """Pack a parcel.

    Step 2: a subscriber, in a worker. It runs later, elsewhere, as often as it takes, and none of it can make an order
    fail. The ORM's commit and the mark that this ran are two commits: if the process dies between them, it runs again.
    So it is written to be repeated: the parcel is got, if it is there.
    """
    Parcel.objects.get_or_create(order_id=int(event.order_id))
