from courier.messages import ParcelCollected
from shared.bus import bus
from shipping.messages import ParcelPacked


def collect_parcel(event: ParcelPacked) -> None:
    bus.publish(ParcelCollected(order_id=event.order_id, courier="c-1"))


bus.subscribe(ParcelPacked, collect_parcel)
