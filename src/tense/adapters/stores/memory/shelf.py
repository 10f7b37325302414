"""Shelf: what one consumer has not settled yet, in memory."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import msgspec
from msgspec.structs import replace

from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.outcome import Outcome
from tense.ports.delivery import Delivery, Origin
from tense.ports.records import Consumer


class Item(msgspec.Struct, eq=False, gc=False):
    """One message on a shelf. `state` is open, scheduled, held, taken, done or dead."""

    position: int
    lane: int
    envelope: Envelope
    accepted: float
    state: str = "open"
    attempts: int = 0
    due: float = 0.0
    strand: str | None = None
    error: str = ""
    redriven: int = 0
    released: int = 0
    outcome: Outcome | None = None

    @property
    def key(self) -> str | None:
        """Its key, if it has one."""
        return self.envelope.metadata.partitionkey

    def metadata(self) -> Metadata:
        """What is handed out of one with headers: what a handler does to them stays with that attempt."""
        metadata = self.envelope.metadata
        return replace(metadata, headers=dict(metadata.headers))


@dataclass(slots=True, eq=False)
class Shelf:
    """The backlog of one consumer by lane, and the exceptions by position."""

    consumer: Consumer
    backlog: list[deque[Item]] = field(default_factory=list)
    exceptions: dict[int, Item] = field(default_factory=dict)
    handed: dict[int, Item] = field(default_factory=dict)
    """Events in hands, by position; commands are known elsewhere until they end."""

    def __post_init__(self) -> None:
        self.backlog = [deque() for _ in range(self.consumer.lanes)]

    def hand(self, item: Item) -> Delivery:
        """Hand one message out: an attempt more."""
        item.attempts += 1
        exception = False
        if self.exceptions and item.position in self.exceptions:
            # A timer whose time has come for the first time takes its place behind what its key waits for.
            exception = item.attempts > 1 or item.strand is not None
            if exception:
                item.state = "taken"
            else:
                del self.exceptions[item.position]
        if self.consumer.kind == "subscription" and not exception:
            self.handed[item.position] = item
        return self.delivery(item, "exception" if exception else "backlog")

    def take_back(self, lanes: Iterable[int], commands: Iterable[Item]) -> None:
        """Lanes are given up: what of them is in hands, and was not settled, stands where it stood before."""
        back: dict[int, list[Item]] = {lane: [] for lane in lanes}
        for item in self.exceptions.values():
            if item.state == "taken" and item.lane in back:
                item.state = "scheduled"
        ours = (item for item in commands if item.envelope.service == self.consumer.name)
        for item in chain(self.handed.values(), ours):
            if item.state == "open" and item.lane in back:
                back[item.lane].append(item)
        for lane, items in back.items():
            queue = self.backlog[lane]
            standing = {item.position for item in queue}
            fresh = [item for item in items if item.position not in standing]
            for item in fresh:
                self.handed.pop(item.position, None)
            self.backlog[lane] = deque(sorted([*queue, *fresh], key=lambda item: item.position))

    def delivery(self, item: Item, origin: Origin = "backlog") -> Delivery:
        """A message as it is handed out."""
        envelope = item.envelope
        return Delivery(
            consumer=self.consumer.name,
            lane=item.lane,
            position=item.position,
            metadata=item.metadata() if envelope.metadata.headers else envelope.metadata,
            body=envelope.body,
            attempt=item.attempts,
            origin=origin,
            own=True,
            redriven=item.redriven,
            released=item.released,
        )

    def held_in(self, lane: int) -> set[str]:
        """The strands of a lane that something is held or retried behind."""
        return {item.strand for item in self.exceptions.values() if item.lane == lane and item.strand is not None}

    def scheduled(self) -> Iterator[Item]:
        """Exceptions that wait for their time."""
        return (item for item in self.exceptions.values() if item.state == "scheduled")

    def waiting(self) -> int:
        """How many messages stand in the backlog."""
        return sum(map(len, self.backlog))

    def next_held(self, lane: int, strand: str) -> Item | None:
        """The first message held back behind a strand, unless something of it is retried, taken or dead."""
        first: Item | None = None
        for item in self.exceptions.values():
            if item.lane != lane or item.strand != strand:
                continue
            if item.state != "held":
                return None
            if first is None or item.position < first.position:
                first = item
        return first
