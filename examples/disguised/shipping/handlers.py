from customers.messages import AddressChanged, GetAddress
from shared.bus import bus
from shipping.messages import ParcelPacked
from stock.messages import GoodsPicked


def pack_parcel(event: GoodsPicked) -> None:
    bus.publish(ParcelPacked(order_id=event.order_id, weight=event.pieces))


def reroute(event: AddressChanged) -> None:
    bus.ask(GetAddress(customer_id=event.customer_id))


bus.subscribe(GoodsPicked, pack_parcel)
bus.subscribe(AddressChanged, reroute)
