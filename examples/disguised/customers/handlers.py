from customers.messages import AddressChanged, GetAddress
from shared.bus import bus


def move(customer_id: str) -> None:
    bus.publish(AddressChanged(customer_id=customer_id))


def address_of(query: GetAddress) -> str:
    return f"12 Long Lane, {query.customer_id}"


bus.subscribe(GetAddress, address_of)
