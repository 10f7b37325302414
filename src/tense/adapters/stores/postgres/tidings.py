"""Tidings: what a transaction brought, told once it is committed and forgotten if it is undone."""

from dataclasses import dataclass, field

from tense.messages.outcome import Outcome


@dataclass(slots=True)
class Tidings:
    """What others will want to know. `told`: ended commands; `arrivals`, `logged`: lanes of inboxes and of logs."""

    told: list[tuple[str, Outcome]] = field(default_factory=list)
    arrivals: set[tuple[str, int]] = field(default_factory=set)
    logged: set[tuple[str, int]] = field(default_factory=set)
    dues: dict[str, float] = field(default_factory=dict)
    freed: list[tuple[str, int, str]] = field(default_factory=list)
    moved: bool = False

    def plan(self, consumer: str, due: float) -> None:
        """An exception of a consumer is due at this moment."""
        if due < self.dues.get(consumer, float("inf")):
            self.dues[consumer] = due

    @property
    def concern_others(self) -> bool:
        """Whether another process may wait for this."""
        return bool(self.told or self.arrivals or self.logged or self.dues or self.freed or self.moved)
