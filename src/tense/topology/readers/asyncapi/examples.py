"""Compares an example with its JSON Schema, as far as the plain words of a schema go."""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from tense.rules.meaning.graph import Problem
from tense.topology.readers.refs import At, References

_MOST_DEPTH = 12
_MOST_ITEMS = 50

_TYPES: dict[str, Callable[[object], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}


def unlike(example: At, schema: At, references: References, depth: int = 0) -> Iterator[Problem]:
    """Give the places where an example breaks its schema. What cannot be judged is let pass."""
    found = references.follow(schema)
    if isinstance(found, Problem) or not isinstance(found.value, dict) or depth > _MOST_DEPTH:
        return
    rules = found.value
    names = rules.get("type", [])
    names = names if isinstance(names, list) else [names]
    judges = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    if judges and not any(judge(example.value) for judge in judges):
        yield example.problem(f"is an example that is not of its schema's type, {' or '.join(map(str, names))}")
        return
    if isinstance(rules.get("enum"), list) and example.value not in rules["enum"]:
        yield example.problem("is an example that is none of the values its schema allows")
    if "const" in rules and example.value != rules["const"]:
        yield example.problem("is an example that is not the value its schema allows")
    yield from _text(example, rules)
    yield from _mapping(example, found, references, depth)
    if isinstance(example.value, list) and isinstance(rules.get("items"), dict):
        for index in range(min(len(example.value), _MOST_ITEMS)):
            yield from unlike(example.child(index), found.child("items"), references, depth + 1)
    every = rules.get("allOf")
    for index in range(len(every) if isinstance(every, list) else 0):
        yield from unlike(example, found.child("allOf").child(index), references, depth + 1)


def _text(example: At, rules: dict[str, object]) -> Iterator[Problem]:
    pattern = rules.get("pattern")
    if not isinstance(example.value, str) or not isinstance(pattern, str) or len(example.value) > _MOST_ITEMS:
        return
    # A pattern comes from the document: only plain classes and short counts are run: none can run away.
    if not re.fullmatch(r"\^?(?:\[[\w\-]+\](?:\{\d{1,2}\}|\+)?|[\w\-])+\$?", pattern) or pattern.count("+") > 1:
        return
    if not re.search(pattern, example.value):
        yield example.problem("is an example that does not match its schema's pattern")


def _mapping(example: At, schema: At, references: References, depth: int) -> Iterator[Problem]:
    if not isinstance(example.value, dict) or not isinstance(schema.value, dict):
        return
    required = schema.value.get("required")
    for name in required if isinstance(required, list) else []:
        if name not in example.value:
            yield example.problem(f"is an example without {str(name)[:80]}, a required field")
    properties = schema.child("properties")
    known = properties.value if isinstance(properties.value, dict) else {}
    closed = schema.value.get("additionalProperties") is False and "patternProperties" not in schema.value
    for name in islice(example.value, _MOST_ITEMS):
        if name in known:
            yield from unlike(example.child(name), properties.child(name), references, depth + 1)
        elif closed:
            yield example.child(name).problem("is in an example, and its schema allows no such field")
