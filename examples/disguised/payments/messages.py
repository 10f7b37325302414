from shared.bus import Event


class PaymentCollected(Event):
    order_id: str
    reference: str
    amount: int
