"""A name cut into words, whatever its spelling, with what was taken off it: suffix, version, namespace."""

import re
from functools import lru_cache
from typing import Literal

import msgspec

from tense.rules.naming.lexicon import section

Style = Literal[
    "PascalCase",
    "camelCase",
    "dotted",
    "kebab",
    "snake",
    "UPPER_SNAKE",
    "lower",
    "slash_colon",
    "words",
    "empty",
]
Suffix = Literal["command", "event", "query"]

LONGEST = 256
"""Characters of a name that are read; a longer one is judged by its beginning."""

_PIECES = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SEPARATORS = re.compile(r"[^\w]+|_+")
_SEGMENTS = re.compile(r"[./:]+|,| - |\]")
_VERSION = re.compile(r"v[0-9]+(?:[._-]?[0-9]+)*", re.IGNORECASE)
_TAIL_VERSION = re.compile(r"(?<=[a-z0-9_\- ])(?:V|_v|-v| v)[0-9]+$|(?<=[a-z])v[0-9]{1,2}$")
_SUFFIXES: dict[str, Suffix] = {
    "command": "command",
    "cmd": "command",
    "event": "event",
    "evt": "event",
    "query": "query",
}
_TOPIC_KINDS: dict[str, Suffix] = _SUFFIXES | {
    "commands": "command",
    "cmds": "command",
    "events": "event",
    "evts": "event",
    "queries": "query",
}
_TOPIC = 3
"""Segments that a topic has at least: whose, kind or thing, verb."""

_QUALIFIERS = {"integration", "domain", "business", "internal", "external"}
_TOP_LEVEL = {"com", "org", "net", "io", "dev", "de", "nl", "eu", "uk", "fr", "gov", "edu"}


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """A name in words.

    `words` are lower-case and without namespace, version and kind suffix; `pieces` are the same words as they
    are written. `segments` groups the words by dots, slashes and colons. `suffix` is the kind that the name
    claims (`OrderPlacedEvent`, `acme.command.user.create`), `stripped` the text that said so.
    """

    style: Style
    words: tuple[str, ...]
    pieces: tuple[str, ...]
    segments: tuple[tuple[str, ...], ...]
    suffix: Suffix | None = None
    stripped: str = ""
    version: str | None = None
    namespace: tuple[str, ...] = ()
    topic_kind: Suffix | None = None


def split_words(name: str) -> list[str]:
    """The lower-case words of a name, without namespace, version and kind suffix."""
    return list(split(name).words)


def style_of(name: str) -> Style:
    """The spelling style of a name."""
    if not name:
        return "empty"
    if " " in name.strip():
        return "words"
    if "." in name:
        return "dotted"
    if "/" in name or ":" in name:
        return "slash_colon"
    if "_" in name:
        return "UPPER_SNAKE" if name.isupper() else "snake"
    if "-" in name:
        return "kebab"
    if name.isupper() and len(name) > 1:
        return "UPPER_SNAKE"
    if name[0].isupper():
        return "PascalCase"
    return "lower" if name.islower() else "camelCase"


def split(name: str) -> Split:
    """Cut a name into words and say what was taken off."""
    name = name[:LONGEST].strip()
    style = style_of(name)
    bare, version = _without_version(name)
    groups = [group for group in map(_cut, _SEGMENTS.split(bare)) if group]
    kept: list[list[str]] = []
    topic: Suffix | None = None
    for at, group in enumerate(groups):
        if len(groups) == 1:
            kept.append(group)
        elif _VERSION.fullmatch("".join(group)):
            version = version or "".join(group).lower()
        elif len(group) == 1 and group[0].lower() in _TOPIC_KINDS and at + 1 < len(groups) and len(groups) >= _TOPIC:
            topic = _TOPIC_KINDS[group[0].lower()]
        else:
            kept.append(group)
    kept, namespace = _without_namespace(kept)
    kept, suffix, stripped = _without_suffix(kept, style)
    pieces = tuple([piece for group in kept for piece in group])
    segments = tuple([tuple([piece.lower() for piece in group]) for group in kept])
    return Split(
        style=style,
        words=segments[0] if len(segments) == 1 else tuple([word for group in segments for word in group]),
        pieces=pieces,
        segments=segments,
        suffix=suffix or topic,
        stripped=stripped,
        version=version,
        namespace=namespace,
        topic_kind=topic,
    )


def _without_version(name: str) -> tuple[str, str | None]:
    found = _TAIL_VERSION.search(name)
    if found is None or found.start() == 0:
        return name, None
    return name[: found.start()], found.group().lstrip("_- ").lower()


def _cut(part: str) -> list[str]:
    """Cut one segment at separators and changes of case; digits stay with the word before them."""
    pieces: list[str] = []
    for chunk in _SEPARATORS.split(part):
        if not chunk:
            continue
        raw = _camel(chunk) if chunk.isascii() else _camel_of_any_script(chunk)
        for piece in raw:
            if piece.isdigit() and pieces:
                pieces[-1] += piece
            else:
                pieces.append(piece)
    return pieces


def _camel(chunk: str) -> list[str]:
    if chunk.islower() or chunk.isupper():
        return _PIECES.findall(chunk)
    return _PIECES.findall(_acronym().sub(_capitalised, chunk))


@lru_cache(maxsize=1)
def acronyms() -> dict[str, str]:
    """Words with a spelling of their own: in lower case, and as they are written."""
    return {word.lower(): word for word in section("acronyms", lower=False)}


@lru_cache(maxsize=1)
def _acronym() -> re.Pattern[str]:
    return re.compile("|".join(sorted(acronyms().values(), key=len, reverse=True)))


def _capitalised(found: re.Match[str]) -> str:
    return found.group().capitalize()


def _camel_of_any_script(chunk: str) -> list[str]:
    pieces: list[str] = []
    for at, letter in enumerate(chunk):
        if at and not (letter.isupper() and chunk[at - 1].islower()):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _without_namespace(groups: list[list[str]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Take off reverse DNS (`com.acme.`) and vendors in front; at least one segment stays."""
    known = section("namespace")
    taken: list[str] = []
    while len(groups) > 1 and len(groups[0]) == 1 and groups[0][0].lower() in known:
        reverse_dns = groups[0][0].lower() in _TOP_LEVEL
        taken.append(groups.pop(0)[0])
        if reverse_dns and len(groups) >= _TOPIC:
            taken.append("".join(groups.pop(0)))
    return groups, tuple(taken)


def _without_suffix(groups: list[list[str]], style: Style) -> tuple[list[list[str]], Suffix | None, str]:
    """Take a kind off the end of the last segment (or off its front, as `CmdPlain` has it)."""
    if not groups:
        return groups, None, ""
    last = groups[-1]
    suffix = _SUFFIXES.get(last[-1].lower())
    if suffix and len(last) > 1 and not (style in {"kebab", "snake"} and _is_object(last)):
        tail = [last.pop()]
        while len(last) > 1 and last[-1].lower() in _QUALIFIERS:
            tail.append(last.pop())
        return groups, suffix, "".join(reversed(tail))
    if suffix and len(groups) > 1 and len(last) == 1:
        groups.pop()
        return groups, suffix, last[0]
    front = last[0].lower()
    if front in {"cmd", "evt"} and len(last) > 1:
        return groups, _SUFFIXES[front], last.pop(0)
    return groups, None, ""


def _is_object(words: list[str]) -> bool:
    """Whether `event` at the end is the thing acted on (`input-send-event`), not the kind."""
    verbs = section("verbs")
    return any(word.lower() in verbs for word in words[-2:-1])
