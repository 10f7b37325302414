"""The fields of a message, from the schema of its payload."""

import json
from dataclasses import dataclass, field

from tense.rules.meaning.graph import Field, Problem
from tense.topology.readers.asyncapi.conventions import entries, listed
from tense.topology.readers.refs import At, References

_PERSONAL = ("x-personal", "x-personal-data", "x-pii", "x-gdpr", "x-sensitive")
_MOST_DEPTH = 16
_MOST_FIELDS = 400


@dataclass(slots=True)
class Payload:
    """What is known of a body: `fields` is None where nothing is; `free_form` where it may be anything."""

    fields: dict[str, Field] | None = None
    free_form: bool = False
    seen: set[int] = field(default_factory=set)


def payload_of(at: At, references: References) -> Payload:
    """Return the fields that a payload's schema tells."""
    body = Payload()
    if at.value is None:
        return body
    schema = at
    if isinstance(at.value, dict) and "schemaFormat" in at.value and "schema" in at.value:
        schema = at.child("schema")
    _gather(schema, references, body, required=True, depth=0)
    return body


def _gather(at: At, references: References, body: Payload, *, required: bool, depth: int) -> None:
    found = references.follow(at)
    if isinstance(found, Problem) or depth > _MOST_DEPTH or id(found.value) in body.seen:
        return
    body.seen.add(id(found.value))
    schema = found.value
    if schema is True or schema == {}:
        body.free_form = True
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "record":
        _record(found, body)
        return
    told = _properties(found, references, body, required=required)
    for word, must in (("allOf", required), ("anyOf", False), ("oneOf", False)):
        for part in listed(found.child(word)):
            told = True
            _gather(part, references, body, required=must, depth=depth + 1)
    names = schema.get("type")
    may_be_object = names == "object" or (isinstance(names, list) and "object" in names)
    if may_be_object and not told:
        closed = schema.get("additionalProperties") is False
        body.free_form = body.free_form or not closed
        body.fields = body.fields if body.fields is not None or not closed else {}


def _properties(at: At, references: References, body: Payload, *, required: bool) -> bool:
    musts = at.child("required").value
    musts = musts if isinstance(musts, list) else []
    given = at.child("properties")
    if not isinstance(given.value, dict) or not given.value:
        return False
    body.fields = body.fields if body.fields is not None else {}
    for name, at_field in entries(given):
        if name not in body.fields and len(body.fields) < _MOST_FIELDS:
            must = required and name in musts
            body.fields[name] = _field(name, at_field, references, required=must)
    return True


def _field(name: str, at: At, references: References, *, required: bool) -> Field:
    found = references.follow(at)
    known = at if isinstance(found, Problem) else found
    personal = any(_marked(part, word) for part in (at, known) for word in _PERSONAL)
    place = at.document.place(at.pointer)
    shown = type_name(known, references)
    schema = known.value if isinstance(known.value, dict) else {}
    allowed = schema.get("enum")
    return Field(
        name=name,
        type=shown,
        required=required,
        personal=personal,
        values=tuple(str(value)[:80] for value in allowed) if isinstance(allowed, list) else (),
        bounded="maxItems" in schema if shown.startswith("array") else None,
        place=place,
    )


def headers_of(message: At, references: References) -> tuple[str, ...] | None:
    """Return the names of a message's headers, its traits' among them; None where nothing tells."""
    names: dict[str, None] = {}
    told = False
    for source in (message, *listed(message.child("traits"))):
        found = references.follow(source)
        if isinstance(found, Problem) or found.child("headers").value is None:
            continue
        told = True
        names.update(dict.fromkeys(payload_of(found.child("headers"), references).fields or {}))
    return tuple(names) if told else None


def largest_example(message: At) -> int | None:
    """Return the size in bytes of the largest example of a payload."""
    sizes = [
        len(json.dumps(example.child("payload").value).encode())
        for example in listed(message.child("examples"))
        if isinstance(example.value, dict) and "payload" in example.value
    ]
    return max(sizes, default=None)


def _marked(at: At, word: str) -> bool:
    return isinstance(at.value, dict) and at.value.get(word) not in (None, False)


def type_name(at: At, references: References, depth: int = 0) -> str:
    """Return a short name of a schema's type: `string`, `date-time`, `array of integer`, `object`."""
    found = references.follow(at)
    if isinstance(found, Problem) or not isinstance(found.value, dict):
        return "unknown"
    name, form = found.value.get("type"), found.value.get("format")
    if isinstance(name, list):
        name = next((one for one in name if one != "null"), None)
    if name == "array" and depth < 3:  # noqa: PLR2004  # nested lists beyond are all alike
        return f"array of {type_name(found.child('items'), references, depth + 1)}"
    if isinstance(form, str) and name == "string":
        return form[:40]
    if isinstance(name, str):
        return name[:40]
    return "object" if "properties" in found.value else "enum" if "enum" in found.value else "unknown"


def _record(at: At, body: Payload) -> None:
    """Read an Avro record."""
    body.fields = body.fields if body.fields is not None else {}
    for one in listed(at.child("fields")):
        name, kind = one.child("name").value, one.child("type").value
        if isinstance(name, str):
            optional = isinstance(kind, list) and "null" in kind
            shown = kind if isinstance(kind, str) else "unknown"
            place = one.document.place(one.pointer)
            body.fields[name] = Field(name=name, type=shown, required=not optional, place=place)
