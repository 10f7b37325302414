"""Reads the small language of the tables in `shapes`."""

import re
from dataclasses import dataclass
from functools import cache

from tense.topology.readers.asyncapi.shapes import SCHEMA, V2, V3


@dataclass(frozen=True, slots=True)
class Type:
    """What a value must be: a scalar, list, mapping or object, and whether a reference may stand for it."""

    form: str
    name: str = ""
    item: "Type | None" = None
    distinct: bool = False
    keyed: bool = False
    named: bool = False
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One field of an object: its type, whether it must be there, and the minor version that brought it."""

    type: Type
    required: bool
    since: int


SCALARS = {
    "str",
    "uri",
    "email",
    "bool",
    "int",
    "number",
    "size",
    "any",
    "obj",
    "expression",
    "ref",
    "null",
    "types",
}
_FIELD = re.compile(r"(?P<name>[^\s!@]+)(?P<must>!?)(?:@2\.(?P<since>\d+))? (?P<type>.+)")


@cache
def type_of(written: str) -> Type:
    """Return the parsed form of one type."""
    distinct = written.endswith("]!")
    text = written.removesuffix("!") if distinct else written
    if text[0] == "[":
        return Type("list", item=type_of(text[1:-1]), distinct=distinct)
    if text[0] == "{":
        inner = text[1:-1]
        item = type_of(inner.removeprefix("key: ").removeprefix("name: "))
        return Type("map", item=item, keyed=inner.startswith("key: "), named=inner.startswith("name: "))
    if text[0] == "=":
        return Type("enum", name=text[1:])
    if "|" in text:
        return Type("either", name=text)
    reference = text.endswith("?")
    text = text.removesuffix("?")
    return Type("scalar" if text in SCALARS else "object", name=text, reference=reference)


@cache
def rows_of(major: int, shape: str) -> dict[str, Row]:
    """Return the fields of one object of the table of a major version."""
    written = SCHEMA if shape == "Schema" else (V2 if major == 2 else V3)[shape]  # noqa: PLR2004  # the major version
    rows: dict[str, Row] = {}
    for part in written.split("; "):
        found = _FIELD.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"{shape}: {part!r} is not a row")
        row = Row(type_of(found["type"]), bool(found["must"]), int(found["since"] or 0))
        rows[found["name"]] = row
    return rows
