"""Step 4: what a handler does commits as one, and counts once."""

from typing import Any
from unittest import mock

from examples.django_orders.app import app
from examples.django_orders.shop.models import Order, Parcel, Shelf
from examples.django_orders.tests.test_step_2_subscribers import Packing
from examples.django_orders.tests.test_step_3_commands import Cancelling
from examples.django_orders.tests.worker import WithWorker, said


class PackingStill(Packing):
    """Step 2 goes on working."""

    app = app


class CancellingStill(Cancelling):
    """And so does step 3."""

    app = app


class Together(WithWorker):
    """With the unit of work."""

    def test_a_cancelled_order_is_put_back_once(self) -> None:
        order = Order.objects.create(sku="tea", count=2)
        Parcel.objects.create(order=order)

        answer = self.client.post(f"/orders/{order.pk}/cancel/")
        self.until(lambda: Shelf.objects.filter(sku="tea").exists())

        self.assertEqual(answer.status_code, 200)
        self.assertEqual(said(), ["orders.OrderCancelled"])
        self.assertEqual(Shelf.objects.get().count, 2)
        self.assertFalse(Parcel.objects.exists())

    def test_a_handler_that_fails_half_way_leaves_nothing_and_runs_again(self) -> None:
        order = Order.objects.create(sku="tea", count=2)
        seen: list[bool] = []
        save = Order.save

        def fail_once(this: Order, **options: Any) -> None:
            seen.append(Order.objects.get(pk=this.pk).cancelled)
            save(this, **options)
            if len(seen) == 1:
                raise ConnectionError

        with mock.patch.object(Order, "save", fail_once):
            answer = self.client.post(f"/orders/{order.pk}/cancel/")

        self.assertEqual(answer.json(), {"order": order.pk, "cancelled": True})
        self.assertEqual(seen, [False, False])
        self.assertEqual(said(), ["orders.OrderCancelled"])
