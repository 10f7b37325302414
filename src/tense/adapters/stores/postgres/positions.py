"""Positions in an event log: (transaction id, row number), carried as one integer that orders the same way."""

SHIFT = 64

START = -(1 << 62)
"""Below every transaction id: where a log begins. What another cluster numbered is below zero (see `renumber`)."""


def packed(xid: int, pos: int) -> int:
    """The position as the engine carries it: never below zero."""
    return (xid - START) << SHIFT | pos


def unpacked(position: int) -> tuple[int, int]:
    """The transaction id and the row number of a position."""
    return (position >> SHIFT) + START, position & (1 << SHIFT) - 1
