"""Step 3: a view asks, and gets an answer or a refusal."""

from django.db import transaction

from examples.django_orders.shop.models import Order, Parcel
from examples.django_orders.tests.worker import WithWorker, before_step_4
from tense.django.client import client
from tense.errors import WorkflowError


class Cancelling(WithWorker):
    """As it was in step 3, without a unit of work."""

    app = before_step_4

    def test_an_order_that_has_not_left_is_cancelled(self) -> None:
        order = Order.objects.create(sku="tea", count=2)

        first = self.client.post(f"/orders/{order.pk}/cancel/")
        second = self.client.post(f"/orders/{order.pk}/cancel/")

        self.assertEqual(first.json(), {"order": order.pk, "cancelled": True})
        self.assertEqual(second.json(), first.json())
        self.assertTrue(Order.objects.get().cancelled)

    def test_what_is_on_its_way_cannot_be_called_back(self) -> None:
        order = Order.objects.create(sku="tea", count=2)
        parcel = Parcel.objects.create(order=order, shipped=True)

        answer = self.client.post(f"/orders/{order.pk}/cancel/")

        self.assertEqual(answer.status_code, 409)
        self.assertEqual(answer.json(), {"refused": f"parcel {parcel.pk} is on its way"})
        self.assertFalse(Order.objects.get().cancelled)

    def test_an_order_that_is_not_there_is_refused(self) -> None:
        self.assertEqual(self.client.post("/orders/4711/cancel/").status_code, 404)

    def test_a_view_cannot_ask_while_it_holds_a_transaction(self) -> None:
        with transaction.atomic(), self.assertRaises(WorkflowError):
            client()
