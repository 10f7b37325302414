"""Step 2: what should happen afterwards happens in a worker."""

from examples.django_orders.orders.contract import OrderPlaced
from examples.django_orders.shop.models import Order, Parcel
from examples.django_orders.tests.worker import WithWorker, before_step_4
from examples.django_orders.warehouse.service import pack


class Packing(WithWorker):
    """As it was in step 2, without a unit of work."""

    app = before_step_4

    def test_an_order_that_was_placed_is_packed(self) -> None:
        answer = self.client.post("/orders/", {"sku": "tea", "count": 2}, content_type="application/json")

        self.until(lambda: self.client.get(f"/orders/{answer.json()['order']}/").json()["packed"])

        self.assertEqual(Parcel.objects.count(), 1)

    def test_to_be_told_twice_packs_one_parcel(self) -> None:
        order = Order.objects.create(sku="tea", count=2)
        event = OrderPlaced(order_id=str(order.pk), sku="tea", count=2)

        pack(event)
        pack(event)

        self.assertEqual(Parcel.objects.count(), 1)
