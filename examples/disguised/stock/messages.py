from shared.bus import Command, Event


class ReserveGoods(Command):
    order_id: str
    pieces: int


class GoodsPicked(Event):
    order_id: str
    pieces: int
