"""Judges a document against the object model, one place at a time; each object is judged once per type."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tense.rules.meaning.graph import Problem
from tense.topology.readers.asyncapi.shapes import SECURITY
from tense.topology.readers.asyncapi.types import Type, rows_of, type_of
from tense.topology.readers.refs import At, References

_EXTENSION = re.compile(r"x-[\w\d.\-]+")
_KEY = re.compile(r"[\w\d.\-]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]*")
_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*")
_EXPRESSION = re.compile(r"\$message\.(header|payload)#(/(([^/~])|(~[01]))*)*")
_SCHEMA_TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}
_OWN_FORMAT = ("application/vnd.aai.asyncapi", "application/schema+json", "application/schema+yaml")
_MOST_PROBLEMS = 100


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and value == int(value) and value >= 0


def _are_types(value: object) -> bool:
    names = value if isinstance(value, list) and value else [value]
    return all(isinstance(name, str) and name in _SCHEMA_TYPES for name in names)


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "any": (lambda _value: True, "anything"),
    "str": (lambda value: isinstance(value, str), "text"),
    "null": (lambda value: value is None, "null"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "number": (_is_number, "a number"),
    "size": (_is_size, "a whole number, 0 or more"),
    "obj": (lambda value: isinstance(value, dict), "a mapping"),
    "types": (_are_types, "one or more of " + ", ".join(sorted(_SCHEMA_TYPES))),
    "uri": (lambda value: isinstance(value, str) and bool(_URI.fullmatch(value)), "a URI"),
    "email": (lambda value: isinstance(value, str) and bool(_EMAIL.fullmatch(value)), "an e-mail address"),
    "expression": (
        lambda value: isinstance(value, str) and bool(_EXPRESSION.match(value)),
        "a runtime expression such as $message.header#/id",
    ),
    "ref": (
        lambda value: isinstance(value, dict) and isinstance(value.get("$ref"), str),
        "a mapping with a $ref",
    ),
}


@dataclass(slots=True)
class Validity:
    """One walk over one document. `minor` is the minor version of 2.x; 3.x has one table for all."""

    major: int
    minor: int
    references: References
    problems: list[Problem] = field(default_factory=list)
    _done: set[tuple[int, Type]] = field(default_factory=set)
    _pending: list[tuple[At, Type]] = field(default_factory=list)

    def judge(self, root: At) -> list[Problem]:
        """Return what is wrong with a document, in the order of the document."""
        self._object(root, "AsyncApi")
        # A list of work instead of recursion: references may chain as deep as a document likes.
        while self._pending:
            self._judge(*self._pending.pop())
        return sorted(self.problems, key=lambda problem: (problem.place and problem.place.line) or 0)

    def _say(self, at: At, text: str, *, doubt: bool = False) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(at.problem(text, doubt=doubt))

    def _value(self, at: At, kind: Type) -> None:
        self._pending.append((at, kind))

    def _judge(self, at: At, kind: Type) -> None:
        if isinstance(at.value, dict | list):
            if (id(at.value), kind) in self._done:
                return
            self._done.add((id(at.value), kind))
        match kind.form:
            case "scalar":
                self._scalar(at, kind)
            case "enum":
                words = kind.name.split(",")
                if at.value not in words:
                    self._say(at, f"must be one of {', '.join(words)}")
            case "either":
                names = kind.name.split("|")
                if not any(_CHECKS[name][0](at.value) for name in names):
                    self._say(at, "must be " + " or ".join(_CHECKS[name][1] for name in names))
            case "list":
                self._list(at, kind)
            case "map":
                self._map(at, kind)
            case _:
                self._referable(at, kind)

    def _scalar(self, at: At, kind: Type) -> None:
        fits, wanted = _CHECKS[kind.name]
        if not fits(at.value):
            self._say(at, f"must be {wanted}")
        elif kind.name in {"ref", "obj"} and isinstance(at.value, dict) and "$ref" in at.value:
            self._followed(at)

    def _list(self, at: At, kind: Type) -> None:
        if not isinstance(at.value, list) or kind.item is None:
            self._say(at, "must be a list")
            return
        if kind.distinct and len({repr(one) for one in at.value}) < len(at.value):
            self._say(at, "holds the same thing twice")
        for index in range(len(at.value)):
            self._value(at.child(index), kind.item)

    def _map(self, at: At, kind: Type) -> None:
        if not isinstance(at.value, dict) or kind.item is None:
            self._say(at, "must be a mapping")
            return
        doubted = False
        for name in at.value:
            if (kind.keyed or (kind.named and not doubted)) and not _KEY.fullmatch(name):
                text = "is a name with other than letters, digits, dot, hyphen and underscore"
                self._say(at.child(name), text, doubt=kind.named)
                doubted = True
            self._value(at.child(name), kind.item)

    def _referable(self, at: At, kind: Type) -> None:
        value = at.value
        is_reference = isinstance(value, dict) and "$ref" in value
        free = kind.reference or kind.name in {"Schema", "AnySchema", "ObjectSchema", "Items"}
        free = free or (kind.name == "Channel" and self.major == 2)  # noqa: PLR2004  # the major version
        if is_reference and not free:
            self._say(at, "may not be a $ref here")
        if not is_reference:
            self._object(at, kind.name)
            return
        found = self.references.follow(at)
        if isinstance(found, Problem):
            self.problems.append(found)
        else:
            self._value(found, type_of(kind.name))

    def _object(self, at: At, shape: str) -> None:
        special = _SPECIAL.get(shape)
        if special is not None:
            special(self, at)
        else:
            self.fields(at, shape)

    def fields(self, at: At, shape: str) -> None:
        """Judge the fields of an object of the table."""
        if not isinstance(at.value, dict):
            self._say(at, "must be a mapping")
            return
        rows = rows_of(self.major, shape)
        missing = [name for name, row in rows.items() if row.required and name not in at.value]
        if missing:
            self._say(at, f"must have {', '.join(missing)}")
        for name in at.value:
            row = rows.get(name) or rows.get("*")
            if row is not None and row.since <= self.minor:
                self._value(at.child(name), row.type)
            elif shape != "Schema" and not _EXTENSION.fullmatch(name):
                self._say(at.child(name), f"is no field that may stand here; known are {', '.join(rows)}"[:300])
        if "tags" in rows:
            self._tags(at.child("tags"))

    def _tags(self, at: At) -> None:
        seen: set[object] = set()
        for index, tag in enumerate(at.value if isinstance(at.value, list) else []):
            name = tag.get("name") if isinstance(tag, dict) else None
            if isinstance(name, str) and name in seen:
                self._say(at.child(index), f"names the tag {name[:80]} a second time")
            seen.add(name if isinstance(name, str) else None)

    def schema(self, at: At) -> None:
        """Judge a JSON Schema."""
        if not isinstance(at.value, bool):
            self.fields(at, "Schema")

    def object_schema(self, at: At) -> None:
        """Judge a schema that must describe an object."""
        self.schema(at)
        if isinstance(at.value, dict) and at.value.get("type", "object") != "object":
            self._say(at, "must be the schema of an object")

    def any_schema(self, at: At) -> None:
        """Judge a schema, or a schema of another language beside its `schemaFormat`."""
        if isinstance(at.value, dict) and "schemaFormat" in at.value and "schema" in at.value:
            name = at.value["schemaFormat"]
            if not isinstance(name, str):
                self._say(at.child("schemaFormat"), "must be text")
            elif name.startswith(_OWN_FORMAT):
                self._value(at.child("schema"), type_of("Schema"))
            else:
                self._followed(at.child("schema"))
            return
        self.schema(at)

    def _followed(self, at: At) -> None:
        found = self.references.follow(at)
        if isinstance(found, Problem):
            self.problems.append(found)

    def items(self, at: At) -> None:
        """Judge `items`: a schema, or a list of them."""
        self._value(at, type_of("[Schema]" if isinstance(at.value, list) else "Schema"))

    def message(self, at: At) -> None:
        """Judge a message of 2.x: one, or one of several."""
        if isinstance(at.value, dict) and "oneOf" in at.value:
            self.fields(at, "OneOf")
            return
        self.plain_message(at)

    def plain_message(self, at: At) -> None:
        """Judge one message; of 2.x also its payload, if that is in a language that is known."""
        self.fields(at, "PlainMessage")
        if self.major == 2 and isinstance(at.value, dict) and "payload" in at.value:  # noqa: PLR2004  # the major version
            name = at.value.get("schemaFormat", "")
            if not name or (isinstance(name, str) and name.startswith(_OWN_FORMAT)):
                self._value(at.child("payload"), type_of("Schema"))
            else:
                self._followed(at.child("payload"))

    def example(self, at: At, *, doubt: bool = False) -> None:
        """Judge one example of a message."""
        if not isinstance(at.value, dict):
            self._say(at, "must be a mapping")
            return
        for name in _strange(at.value, {"payload", "headers", "name", "summary"}):
            text = "is no field of an example; known are headers, payload, name, summary"
            self._say(at.child(name), text, doubt=doubt)
        if "payload" not in at.value and "headers" not in at.value:
            self._say(at, "must have headers or payload", doubt=doubt)
        if not isinstance(at.value.get("headers", {}), dict):
            self._say(at.child("headers"), "must be a mapping", doubt=doubt)

    def loose_example(self, at: At) -> None:
        """Judge an example of a trait, whose fields the published schemas leave open."""
        self.example(at, doubt=True)

    def security(self, at: At) -> None:
        """Judge a security scheme by its `type`."""
        name = at.value.get("type") if isinstance(at.value, dict) else None
        if not isinstance(name, str) or name not in SECURITY:
            self._say(at, f"must have a type that is one of {', '.join(SECURITY)}")
            return
        self.fields(at, SECURITY[name])


def _strange(value: dict[str, object], known: set[str]) -> Iterator[str]:
    return (name for name in value if name not in known and not _EXTENSION.fullmatch(name))


_SPECIAL: dict[str, Callable[[Validity, At], None]] = {
    "Schema": Validity.schema,
    "ObjectSchema": Validity.object_schema,
    "AnySchema": Validity.any_schema,
    "Items": Validity.items,
    "Message": Validity.message,
    "PlainMessage": Validity.plain_message,
    "Example": Validity.example,
    "LooseExample": Validity.loose_example,
    "SecurityScheme": Validity.security,
}
