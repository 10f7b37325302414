"""Settlement: how a delivery ended, as decided by the rules and carried out by store and transport."""

from typing import TypeAlias

import msgspec

from tense.messages.outcome import Outcome


class Done(msgspec.Struct, frozen=True, gc=False):
    """Handled. A command leaves its outcome; an event leaves nothing but its mark."""

    outcome: Outcome | None = None


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """To be tried again at `due` (seconds since the epoch).

    `strand` is what it holds back meanwhile: its key, `LANE` for all of its lane, None for nothing. `counts` is false
    for a release: it was not the message's fault, so the attempt is given back, and `Delivery.released` is one more.
    """

    due: float
    error: str
    strand: str | None = None
    counts: bool = True


class Held(msgspec.Struct, frozen=True):
    """Not tried: something it must not overtake failed before it."""

    strand: str


class Buried(msgspec.Struct, frozen=True, kw_only=True):
    """Given up: to the dead letters, with the reason and the history. A command also leaves its outcome."""

    reason: str
    error: str
    traceback: str = ""
    outcome: Outcome | None = None
    strand: str | None = None


class Released(msgspec.Struct, frozen=True):
    """Not started: put back as it was, the attempt not counted."""


class Mark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a delivery ended for good, as it is written down beside its effects."""

    outcome: Outcome | None = None
    buried: Buried | None = None

    @property
    def settlement(self) -> Done | Buried:
        """What the transport is to be told."""
        return self.buried or Done(self.outcome)


Settlement: TypeAlias = Done | Again | Held | Buried | Released

LANE = "*"
"""The strand of a whole lane: what `on_failure="block"` holds back."""
