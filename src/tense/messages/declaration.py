"""What a message class declares about itself: one value per class, read by every floor above."""

import asyncio
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal

from tense.errors import MessageDefinitionError, NotAMessageError
from tense.messages.contract import Contract

Kind = Literal["command", "event"]

ATTRIBUTE = "__tense__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A message class as its owner declared it.

    `parameters` are the raw arguments of `Command[...]`, possibly strings; `rules.routing.answers_of` resolves
    them. `deadline` is counted from sending. `file` and `line` say where the class stands.
    """

    kind: Kind
    owner: Contract
    name: str
    version: int = 1
    key: str | None = None
    deadline: timedelta | None = None
    parameters: tuple[Any, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where the class stands, as `file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def aggregate(self) -> str:
        """The type of thing the key names: `order_id` -> `order`. Messages of one aggregate share an event log."""
        if self.key is None:
            return "events"
        return self.key.removesuffix("_id").replace("_", "-").strip("-") or "events"


def declare(cls: type, kind: Kind, keywords: Mapping[str, Any], parameters: tuple[Any, ...]) -> Declaration:
    """The declaration of a class, from its keywords.

    Raises:
        MessageDefinitionError: a keyword that does not exist, no owner, or one of the wrong type.
    """
    where = f"{cls.__module__}.{cls.__qualname__}"
    allowed = {"owner", "key", "name", "version"} | ({"deadline"} if kind == "command" else set())
    if unknown := sorted(set(keywords) - allowed):
        article = "An" if kind == "event" else "A"
        known = ", ".join(sorted(allowed))
        text = f"{where} has no use for the keyword {unknown[0]!r}. {article} {kind} takes {known}."
        raise MessageDefinitionError(text)
    owner = keywords.get("owner")
    if not isinstance(owner, Contract):
        got = "nothing" if owner is None else repr(owner)
        hint = f' Write `{owner} = Contract("{owner}")` once and pass it.' if isinstance(owner, str) else ""
        text = f"{where} needs `owner=`, the Contract that owns its name and schema (got {got}).{hint}"
        raise MessageDefinitionError(text)
    file, line = _written_at(cls)
    return Declaration(
        kind=kind,
        owner=owner,
        name=_wire_name(cls, owner, keywords.get("name")),
        version=_version(where, keywords.get("version", 1)),
        key=keywords.get("key"),
        deadline=_deadline(where, keywords.get("deadline")),
        parameters=parameters,
        file=file,
        line=line,
    )


def declaration_of(cls: object) -> Declaration:
    """The declaration of a message class.

    Raises:
        NotAMessageError: it is no message class; where a namesake of ours was meant, the text says so.
    """
    found = cls.__dict__.get(ATTRIBUTE) if isinstance(cls, type) else None
    if isinstance(found, Declaration):
        return found
    raise NotAMessageError(_not_a_message(cls))


def is_message(cls: object) -> bool:
    """Whether the class declares itself a command or an event."""
    return isinstance(cls, type) and isinstance(cls.__dict__.get(ATTRIBUTE), Declaration)


NAMESAKES: Mapping[type, str] = MappingProxyType(
    {
        asyncio.Event: "you want tense.Event, not asyncio.Event",
        threading.Event: "you want tense.Event, not threading.Event",
    }
)


def _not_a_message(cls: object) -> str:
    if not isinstance(cls, type):
        return f"{cls!r} is no message class. Pass the class itself, such as PlaceOrder."
    said = f"{cls.__module__}.{cls.__qualname__} is neither a command nor an event"
    for namesake, hint in NAMESAKES.items():
        if issubclass(cls, namesake):
            return f"{said}: {hint}."
    if any(base.__name__ == "BaseCommand" and base.__module__.startswith("django.") for base in cls.__mro__):
        return f"{said}: you want tense.Command, not Django's management command."
    return f"{said}. Derive it from tense.Command[...] or tense.Event, or give a guest class AsCommand or AsEvent."


def _wire_name(cls: type, owner: Contract, by_hand: object) -> str:
    if by_hand is None:
        return f"{owner.name}.{cls.__name__}"
    if not isinstance(by_hand, str) or not by_hand or not by_hand.isprintable() or " " in by_hand:
        text = f"{cls.__qualname__}: `name=` must be printable text without spaces, got {by_hand!r}."
        raise MessageDefinitionError(text)
    return by_hand


def _version(where: str, version: object) -> int:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        text = f"{where}: `version=` counts from 1, got {version!r}."
        raise MessageDefinitionError(text)
    return version


def _deadline(where: str, deadline: object) -> timedelta | None:
    if deadline is None or (isinstance(deadline, timedelta) and deadline > timedelta(0)):
        return deadline
    text = f"{where}: `deadline=` is a positive timedelta, counted from sending; got {deadline!r}."
    raise MessageDefinitionError(text)


def _written_at(cls: type) -> tuple[str, int]:
    """The frame in which the class statement runs: the first one of the module that defines it."""
    frame = sys._getframe(1)  # noqa: SLF001 - the only way to know the line of a class statement
    while frame is not None:
        if frame.f_globals.get("__name__") == cls.__module__:
            return frame.f_code.co_filename, frame.f_lineno
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "", 0
