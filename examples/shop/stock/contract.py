"""The words of stock."""

import msgspec

from tense import Command, Contract, Event, Rejection

stock = Contract("stock")


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one article."""

    sku: str
    count: int


class SoldOut(Rejection):
    """There are not enough of this article."""

    sku: str


class ReplenishStock(Command[int], owner=stock, key="sku"):
    """Put more of an article on the shelf. The answer is how many stand there now."""

    sku: str
    count: int


class ReserveStock(Command[None, SoldOut], owner=stock, key="order_id"):
    """Set these pieces aside for an order: all of them or none."""

    order_id: str
    pieces: tuple[Piece, ...]


class StockReplenished(Event, owner=stock, key="sku"):
    """More of an article stands on the shelf."""

    sku: str
    count: int


class StockReserved(Event, owner=stock, key="order_id"):
    """Pieces were set aside for an order."""

    order_id: str
    pieces: tuple[Piece, ...]
