"""Positions in an event log: (transaction id, row number), carried as one integer that orders the same way."""

SHIFT = 64


def packed(xid: int, pos: int) -> int:
    """The position as the engine carries it."""
    return xid << SHIFT | pos


def unpacked(position: int) -> tuple[int, int]:
    """The transaction id and the row number of a position."""
    return position >> SHIFT, position & (1 << SHIFT) - 1
