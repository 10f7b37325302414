"""What the names of fields say: which are ids, which are times, which belong to the plumbing."""

import re
from collections.abc import Iterable

from tense.rules.meaning.graph import Field, Message

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def bag(text: str) -> frozenset[str]:
    """The words of a text as a set: how tables of words are written here."""
    return frozenset(text.split())


_ID_TAILS = bag("id ids uuid guid key ref reference urn oid code sku arn handle identifier number")
_TIME_TAILS = bag("at on time timestamp date datetime when ts instant since until")
_ENVELOPE = bag(
    "type version source subject specversion correlation causation trace span tenant kind event metadata "
    "meta header "
    "headers schema dataschema traceparent"
)


def words(name: str) -> tuple[str, ...]:
    """The words of a name in any style, in lower case."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def is_id(field: Field) -> bool:
    """True where the field names something: an id, a key, a reference."""
    tail = words(field.name)
    return bool(tail) and (tail[-1] in _ID_TAILS or field.type in {"uuid", "UUID"})


def is_time(field: Field) -> bool:
    """True where the field is a moment or a date."""
    tail = words(field.name)
    return bool(tail) and (
        tail[-1] in _TIME_TAILS
        or tail[0] in {"timestamp", "time", "date"}
        or field.type in {"datetime", "date", "date-time", "timestamp"}
    )


def is_plumbing(field: Field) -> bool:
    """True where the field belongs to the envelope and not to the fact."""
    found = words(field.name)
    return not found or all(word in _ENVELOPE or word in _ID_TAILS for word in found)


def is_bare(message: Message) -> bool:
    """True where the body is known, not empty, and holds ids, times and plumbing only."""
    if not message.fields:
        return False
    return all(is_id(field) or is_time(field) or is_plumbing(field) for field in message.fields)


def named(fields: Iterable[Field], wanted: frozenset[str]) -> list[Field]:
    """The fields whose name, taken as one word without its style, is among the wanted."""
    return [field for field in fields if "".join(words(field.name)) in wanted]
