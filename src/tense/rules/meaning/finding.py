"""What a rule says about a topology: one finding, with its place, its reason and its mend."""

from typing import Literal

from tense.rules.meaning.graph import Place, Value

Severity = Literal["error", "warning", "note"]
"""`error`: wrong before any reader; `warning`: wrong unless there is a reason; `note`: worth knowing."""

WEIGHT: dict[Severity, int] = {"note": 0, "warning": 1, "error": 2}
"""Severities in order, so that two can be compared."""


class Hop(Value, frozen=True, kw_only=True):
    """One step of a chain: `service` says `message`; the last hop of a path has no message."""

    service: str
    message: str = ""
    verb: str = "publishes"
    place: Place | None = None


class Sight(Value, frozen=True, kw_only=True):
    """What a check saw, before its rule puts id and severity on it.

    `severity` is given only where the case at hand weighs less or more than the rule's own.
    """

    subject: str
    text: str
    mend: str
    service: str | None = None
    place: Place | None = None
    path: tuple[Hop, ...] = ()
    related: tuple[Place, ...] = ()
    certainty: float = 1.0
    severity: Severity | None = None


class Finding(Value, frozen=True, kw_only=True):
    """One thing that one rule found. `subject` names the message, service or channel it is about."""

    rule: str
    name: str
    severity: Severity
    certainty: float
    subject: str
    text: str
    mend: str
    service: str | None = None
    place: Place | None = None
    path: tuple[Hop, ...] = ()
    related: tuple[Place, ...] = ()
