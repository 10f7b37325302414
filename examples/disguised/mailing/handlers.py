from courier.messages import ParcelCollected
from customers.messages import AddressChanged, GetAddress
from shared.bus import bus


def announce_parcel(event: ParcelCollected) -> None: ...


def confirm_address(event: AddressChanged) -> None:
    bus.ask(GetAddress(customer_id=event.customer_id))


bus.subscribe(ParcelCollected, announce_parcel)
bus.subscribe(AddressChanged, confirm_address)
