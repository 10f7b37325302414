from shared.bus import Event


class ParcelPacked(Event):
    order_id: str
    weight: int
