from shared.bus import Event


class ParcelCollected(Event):
    order_id: str
    courier: str
