"""The views. Steps 1 and 3 of the way in are here, step 2 is in `warehouse/service.py`, step 4 in `orders/service.py`."""

import json

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from examples.django_orders.app import app
from examples.django_orders.orders.contract import AlreadyShipped, CancelOrder, OrderPlaced, UnknownOrder
from examples.django_orders.shop.models import Order
from tense import NoAnswer, OutcomeUnknown
from tense.django.client import client


@require_POST
def place(request: HttpRequest) -> JsonResponse:
    """Place an order.

    Step 1: an outbox. The row and the event commit together, or neither: the outbox joins the transaction that stands
    before it in the `with`. Before Tense, the last line called the warehouse and the mailer, and hoped.
    """
    wanted = json.loads(request.body)
    with transaction.atomic(), app.outbox(connection) as out:
        order = Order.objects.create(sku=wanted["sku"], count=wanted["count"])
        out.publish(OrderPlaced(order_id=str(order.pk), sku=order.sku, count=order.count))
    return JsonResponse({"order": order.pk}, status=201)


@require_POST
def cancel(request: HttpRequest, number: int) -> JsonResponse:
    """Cancel an order, if it has not left.

    Step 3: a command. The view wants an answer, and the service that owns orders decides. Nothing is open here while
    the view waits: no `atomic`, and no ATOMIC_REQUESTS.

    The id makes it safe to repeat: who clicks twice gets the first answer twice.
    """
    del request
    try:
        answer = client().outcome(CancelOrder(order_id=str(number)), id=f"cancel-{number}", timeout=10)
    except OutcomeUnknown as unknown:
        return JsonResponse({"ask again for": unknown.id}, status=202)
    except NoAnswer:
        return JsonResponse({"sorry": "it failed, and somebody will look at it"}, status=500)
    match answer:
        case UnknownOrder():
            return JsonResponse({"refused": "there is no such order"}, status=404)
        case AlreadyShipped(parcel=parcel):
            return JsonResponse({"refused": f"parcel {parcel} is on its way"}, status=409)
        case None:
            return JsonResponse({"order": number, "cancelled": True})


def show(request: HttpRequest, number: int) -> JsonResponse:
    """How an order stands. To read one's own tables one needs no message."""
    del request
    order = get_object_or_404(Order, pk=number)
    parcel = getattr(order, "parcel", None)
    return JsonResponse({"order": order.pk, "cancelled": order.cancelled, "packed": parcel is not None})
