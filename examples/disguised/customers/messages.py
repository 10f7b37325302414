from shared.bus import Event, Query


class AddressChanged(Event):
    customer_id: str


class GetAddress(Query):
    customer_id: str
