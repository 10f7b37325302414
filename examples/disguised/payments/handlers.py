from orders.messages import CollectPaymentRequested
from payments.messages import PaymentCollected
from shared.bus import bus


def collect_payment(event: CollectPaymentRequested) -> None:
    bus.publish(PaymentCollected(order_id=event.order_id, reference="r-1", amount=event.amount))


bus.subscribe(CollectPaymentRequested, collect_payment)
