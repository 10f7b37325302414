"""Lane: what one worker has in hands of one lane, in strands that each run one at a time."""

import asyncio
from collections.abc import Iterator

import msgspec

from tense.messages.settlement import LANE
from tense.ports.delivery import Delivery, Lease
from tense.runtime.runner import Runner


class Strand(msgspec.Struct, eq=False, gc=False):
    """Deliveries that must run one after the other. `runner` runs the first of them, if any does."""

    lane: "Lane"
    name: str | int
    items: list[Delivery] = []
    runner: Runner | None = None


class Lane:
    """A lane while its lease is held.

    `after` is the position read so far (-1: nothing yet). `blocked`
    are the strands that hold something back in the store. `careful` counts how many deliveries are still to be run
    alone, because an earlier owner died.
    """

    __slots__ = ("after", "blocked", "careful", "emptied", "lease", "serial", "strands")

    def __init__(self, lease: Lease, *, serial: bool, blocked: set[str], careful: int) -> None:
        self.lease = lease
        self.serial = serial
        self.after = -1
        self.blocked = blocked
        self.careful = careful
        self.strands: dict[str | int, Strand] = {}
        self.emptied: asyncio.Future[None] | None = None

    def strand_of(self, delivery: Delivery) -> Strand:
        """The strand a delivery belongs to: its lane's, its key's, or one of its own."""
        key = delivery.metadata.partitionkey
        if delivery.origin == "exception":
            name: str | int = f"exception {key if key is not None else delivery.position}"
        elif self.serial:
            name = LANE
        else:
            name = delivery.position if key is None else "key " + key
        strand = self.strands.get(name)
        if strand is None:
            strand = self.strands[name] = Strand(self, name)
        return strand

    def is_blocked(self, delivery: Delivery) -> str | None:
        """The strand behind which a delivery from the backlog must be held back, if any."""
        if not self.blocked or delivery.origin == "exception":
            return None
        if LANE in self.blocked:
            return LANE
        key = delivery.metadata.partitionkey
        return key if key is not None and key in self.blocked else None

    def waiting(self) -> Iterator[Delivery]:
        """What is in hands and not started, in order."""
        for strand in self.strands.values():
            yield from list(strand.items)[1 if strand.runner else 0 :]

    def strand_at_once(self, delivery: Delivery, runner: Runner) -> Strand:
        """The strand of what begins at once in this runner, with nothing before it."""
        if delivery.metadata.partitionkey is None:
            # Nothing can come to stand behind it, so it is opened only when it must wait.
            return Strand(self, delivery.position, [delivery], runner)
        strand = self.strand_of(delivery)
        strand.items.append(delivery)
        strand.runner = runner
        return strand

    def open(self, strand: Strand) -> None:
        """A strand that began at once goes on."""
        self.strands[strand.name] = strand

    def close(self, strand: Strand) -> None:
        """A strand has run dry."""
        if self.strands.get(strand.name) is strand:
            del self.strands[strand.name]
        if self.emptied is not None and not self.strands and not self.emptied.done():
            self.emptied.set_result(None)

    @property
    def idle(self) -> bool:
        """Whether nothing of it is in hands."""
        return not self.strands
