"""Delivery: one message handed to one worker; Lease: the right to handle one lane."""

from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec

from tense.messages.metadata import Metadata
from tense.messages.settlement import Settlement

Origin: TypeAlias = Literal["backlog", "exception", "elsewhere"]
"""Where a delivery comes from: its place in the order, the exceptions (retried, held back), or another store."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message, once delivered.

    `position` orders deliveries of one consumer's lane. `attempt` counts deliveries, this one included. `alone` asks that
    nothing else run or stay uncommitted beside it: an earlier worker died with it in hands. It is
    counted by `strike`, when it starts. `own` is true for bytes
    that this process's codec made. `redriven` counts how often it came back from the dead letters, `released` since then how
    often it was put off without a fault of its own (`Again.counts`).
    `ended` is how it ended already, where its mark was found: it is to be settled so, and not to be run.
    """

    consumer: str
    lane: int
    position: int
    metadata: Metadata
    body: bytes
    attempt: int = 1
    origin: Origin = "backlog"
    alone: bool = False
    own: bool = False
    redriven: int = 0
    released: int = 0
    ended: Settlement | None = None


@dataclass(slots=True, eq=False)
class Lease:
    """The right to handle one lane of one consumer, until it is lost or given back.

    `token` grows with each change of hands; a commit under an old token is refused. `crashed` is true when the owner
    before did not give it back. `lost` is set by the store, on the loop's thread.
    """

    consumer: str
    lane: int
    token: int
    crashed: bool = False
    lost: bool = field(default=False)


class Watcher(Protocol):
    """What a store tells the engine, always on the loop's thread. Each is a hint: the store is the truth."""

    def arrived(self, consumer: str, lane: int) -> None:
        """Something new stands in the backlog of this lane (-1: of any lane)."""
        ...

    def offer(self, delivery: Delivery) -> bool:
        """A command that was accepted just now, where nothing in its lane's backlog stands before it.

        True if it was taken: it counts as handed out, and may be settled already. False if it stays in the backlog.
        """
        ...

    def due(self, consumer: str, at: float) -> None:
        """An exception of this consumer is due at this moment."""
        ...

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """Nothing is held back behind this strand any more."""
        ...

    def lost(self, lease: Lease) -> None:
        """The lease is lost, or what was done under it was undone: read the lane again from what is committed."""
        ...

    def moved(self) -> None:
        """Instances came or went: lanes may have to change hands."""
        ...
