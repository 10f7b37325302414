"""Step 1: the event commits with the order."""

from unittest import mock

from django.test import TestCase

from examples.django_orders.shop.models import Order
from examples.django_orders.tests.worker import said

WANTED = {"sku": "tea", "count": 2}


class Placing(TestCase):
    """A TestCase is enough: what the outbox wrote is in the transaction that the test undoes."""

    def test_an_order_and_its_event_commit_together(self) -> None:
        answer = self.client.post("/orders/", WANTED, content_type="application/json")

        self.assertEqual(answer.status_code, 201)
        self.assertEqual(Order.objects.get().sku, "tea")
        self.assertEqual(said(), ["orders.OrderPlaced"])

    def test_an_order_that_fails_was_never_said(self) -> None:
        with mock.patch.object(Order, "sku", 5), self.assertRaises(ValueError):
            self.client.post("/orders/", {**WANTED, "count": "many"}, content_type="application/json")

        self.assertEqual(Order.objects.count(), 0)
        self.assertEqual(said(), [])
