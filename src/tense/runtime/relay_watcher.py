"""Unhurried: a watcher that lets nothing begin before its mark was looked for."""

from dataclasses import dataclass

from tense.ports.delivery import Delivery, Lease, Watcher


@dataclass(frozen=True, slots=True)
class Unhurried:
    """Hands on what a transport tells, but takes no offer: whether it ended before is known when it is claimed."""

    inner: Watcher

    def arrived(self, consumer: str, lane: int) -> None:
        """Something new stands in a backlog."""
        self.inner.arrived(consumer, lane)

    def offer(self, delivery: Delivery) -> bool:
        """It stays in the backlog."""
        del delivery
        return False

    def due(self, consumer: str, at: float) -> None:
        """An exception is due."""
        self.inner.due(consumer, at)

    def freed(self, consumer: str, lane: int, strand: str) -> None:
        """A strand goes on."""
        self.inner.freed(consumer, lane, strand)

    def lost(self, lease: Lease) -> None:
        """A lane is lost."""
        self.inner.lost(lease)

    def moved(self) -> None:
        """Instances came or went."""
        self.inner.moved()
