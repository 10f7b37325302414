from shared.bus import Event


class CollectPaymentRequested(Event):
    order_id: str
    amount: int
    reply_to: str


class OrderConfirmed(Event):
    order_id: str
    lines: int


class OrderCancelled(Event):
    order_id: str
    reason: str
