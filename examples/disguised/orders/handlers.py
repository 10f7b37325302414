from orders.messages import CollectPaymentRequested, OrderCancelled, OrderConfirmed
from payments.messages import PaymentCollected
from shared.bus import bus
from stock.messages import ReserveGoods


def place(order_id: str, amount: int) -> None:
    bus.publish(ReserveGoods(order_id=order_id, pieces=1))
    bus.publish(CollectPaymentRequested(order_id=order_id, amount=amount, reply_to="orders"))


def confirm_order(event: PaymentCollected) -> None:
    bus.publish(OrderConfirmed(order_id=event.order_id, lines=1))


def cancel(order_id: str) -> None:
    bus.publish(OrderCancelled(order_id=order_id, reason="changed my mind"))


bus.subscribe(PaymentCollected, confirm_order)
