"""Difference: what was expected and what was said, side by side."""

from collections.abc import Sequence
from typing import Any

from tense.messages.rejection import Rejection, fields_of


def difference(what: str, expected: Sequence[Any], found: Sequence[Any]) -> list[str]:
    """Lines that show how two lists of messages differ; none if they do not. Order counts."""
    if len(expected) == len(found) and all(map(is_same, expected, found)):
        return []
    lines = [f"{what}:"]
    for at in range(max(len(expected), len(found))):
        if at >= len(expected):
            lines.append(f"  + {found[at]!r}   was not expected")
        elif at >= len(found):
            lines.append(f"  - {expected[at]!r}   is missing")
        elif is_same(expected[at], found[at]):
            lines.append(f"    {found[at]!r}")
        else:
            lines += _pair(expected[at], found[at])
    return lines


def is_same(expected: Any, found: Any) -> bool:
    """Equal; of the class that is expected; or rejections of one class with equal fields."""
    if isinstance(expected, type):
        return isinstance(found, expected)
    if isinstance(expected, Rejection):
        return type(expected) is type(found) and fields_of(expected) == fields_of(found)
    return type(expected) is type(found) and bool(expected == found)


def _pair(expected: Any, found: Any) -> list[str]:
    lines = [f"  - {expected!r}", f"  + {found!r}"]
    if type(expected) is type(found):
        mine, theirs = _fields(expected), _fields(found)
        lines += [
            f"      {name}: expected {mine[name]!r}, found {theirs.get(name)!r}"
            for name in mine
            if mine[name] != theirs.get(name)
        ]
    return lines


def _fields(value: Any) -> dict[str, Any]:
    if isinstance(value, Rejection):
        return fields_of(value)
    names: Any = getattr(value, "__struct_fields__", None) or getattr(value, "__dataclass_fields__", ())
    return {name: getattr(value, name) for name in names}
