"""Words: from a message's name as people type it to its class, and from JSON to the message."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tense.cli.mistake import MistakeError
from tense.cli.verbs import nearest
from tense.messages.declaration import Kind, declaration_of

if TYPE_CHECKING:
    from tense.runtime.app import App

VERB_FOR: Mapping[Kind, str] = {"command": "send", "event": "publish"}

UNITS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}

PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def message_class(app: "App", name: str, kind: Kind) -> type:
    """The class with this wire name or class name among the messages an app knows.

    Raises:
        MistakeError: there is none, there are several, or it is of the other kind.
    """
    known = app.registry.messages
    fitting = [wire for wire, cls in known.items() if name in {wire, cls.__name__}]
    if len(fitting) > 1:
        text = f"{name} could be {' or '.join(sorted(fitting))}; give the whole name."
        raise MistakeError(text)
    if not fitting:
        raise MistakeError(_unknown(app, name, kind))
    cls = known[fitting[0]]
    found = declaration_of(cls).kind
    if found != kind:
        text = f"{fitting[0]} is {_a(found)}: tense {VERB_FOR[found]} {name} ..."
        raise MistakeError(text)
    return cls


def _unknown(app: "App", name: str, kind: Kind) -> str:
    wires = sorted(wire for wire, cls in app.registry.messages.items() if declaration_of(cls).kind == kind)
    guess = nearest(name, [*wires, *(app.registry.messages[wire].__name__ for wire in wires)])
    hint = f"Did you mean: {guess}" if guess else f"It knows: {', '.join(wires) or 'none'}"
    return f"the app knows no {kind} {name!r}. {hint}"


def _a(kind: Kind) -> str:
    return "an event" if kind == "event" else "a command"


def duration(text: str | None, option: str) -> timedelta | None:
    """A length of time as people write it: `90`, `90s`, `1h30m`.

    Raises:
        MistakeError: it is none.
    """
    if text is None:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return timedelta(seconds=float(text))
    parts = PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        said = f"{option} {text!r} is no length of time. Write 90s, 15m, 1h30m or 2d."
        raise MistakeError(said)
    return timedelta(seconds=sum(float(number) * UNITS[unit] for number, unit in parts))


def moment(text: str | None, option: str) -> datetime | None:
    """A moment in ISO 8601; without a zone it is the zone of this machine.

    Raises:
        MistakeError: it is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        said = f"{option} {text!r} is no moment. Write 2027-01-31T09:00 or 2027-01-31T09:00+01:00."
        raise MistakeError(said) from None
    return found if found.tzinfo else found.astimezone()


def decoded(app: "App", cls: type, body: bytes) -> Any:
    """The message that some JSON is, checked as strictly as one that comes over the wire.

    Raises:
        UndecodableError: it is none.
    """
    return app.codec.decode(body, cls, strict=True)
