"""Chance: the only source of ids and randomness."""

from typing import Protocol


class Chance(Protocol):
    """Makes ids and random figures; a seeded one makes a whole fleet repeatable."""

    def new_id(self) -> str:
        """A fresh id: a UUIDv7 (RFC 9562) in text, later ones sort after earlier ones within a process."""
        ...

    def random(self) -> float:
        """A figure in [0, 1), for jitter."""
        ...
