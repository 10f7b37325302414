"""YAML as a flat run of events with lines; scalars as in the core schema of YAML 1.2."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tense.topology.readers.events import Alias, Event, Scalar, Start, Stop, UnreadableError

# The extra is optional, and JSON is read without it.
yaml: Any = import_module("yaml") if find_spec("yaml") else None

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_PLAIN_TAGS = {"tag:yaml.org,2002:" + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
_MOST_DIGITS = 300


def yaml_events(text: str) -> Iterator[Event]:
    """Give the events of the first document in a YAML text.

    Raises:
        UnreadableError: The text is not YAML, or the extra `yaml` is not installed.
    """
    if yaml is None:
        raise UnreadableError("is YAML, which needs the extra: install tense[yaml]")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from _translated(yaml.parse(text, Loader=loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be parsed"
        raise UnreadableError(f"is not YAML: {str(said)[:120]}", mark.line + 1 if mark else None) from None
    except RecursionError:
        raise UnreadableError("is not YAML that can be read: nested too deep") from None


def _translated(events: Iterator[Any]) -> Iterator[Event]:
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            yield Scalar(line, _value(event), event.anchor, _tag(event.tag))
        elif isinstance(event, yaml.MappingStartEvent):
            yield Start(line, True, event.anchor, _tag(event.tag))  # noqa: FBT003  # the field of a value, by position for speed
        elif isinstance(event, yaml.SequenceStartEvent):
            yield Start(line, False, event.anchor, _tag(event.tag))  # noqa: FBT003  # the field of a value, by position for speed
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            yield Stop(line)
        elif isinstance(event, yaml.AliasEvent):
            yield Alias(line, event.anchor)
        elif isinstance(event, yaml.DocumentEndEvent):
            return


def _tag(tag: str | None) -> str | None:
    return None if tag is None or tag in _PLAIN_TAGS or tag == "!" else tag


def _value(event: Any) -> object:
    text: str = event.value
    plain, _quoted = event.implicit
    if not plain or event.tag == "tag:yaml.org,2002:str":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL_HEX.fullmatch(text):
        return int(text, 0)
    return text
