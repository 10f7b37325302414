from orders.messages import OrderCancelled
from shared.bus import bus


def close_case(order_id: str) -> None:
    bus.publish(OrderCancelled(order_id=order_id, reason="case closed"))
