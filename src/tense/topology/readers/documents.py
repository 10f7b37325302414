"""Loads JSON and YAML safely: no tag is executed, an alias is shared, size and depth are bounded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tense.rules.meaning.graph import Place, Problem
from tense.topology.readers.events import Alias, Event, Scalar, Start, Stop, UnreadableError
from tense.topology.readers.json_events import json_events
from tense.topology.readers.yaml_events import yaml_events

MOST_BYTES = 8_000_000
MOST_DEPTH = 120
MOST_NODES = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One loaded file: its data and where each entry of a mapping or sequence is written.

    `lines` is keyed by the identity of the container and the key or index in it: a container that an alias
    shares is kept once.
    """

    file: str
    path: Path
    root: object
    lines: dict[tuple[int, str | int], int] = field(default_factory=dict, repr=False)
    problems: tuple[Problem, ...] = ()

    def place(self, pointer: str) -> Place:
        """Return the place of a JSON pointer, with its line, or the nearest line above it that is known."""
        here, line = self.root, 1
        for part in parts_of(pointer):
            key: str | int = int(part) if isinstance(here, list) and part.isdigit() else part
            line = self.lines.get((id(here), key), line)
            here = _child(here, key)
        return Place(file=self.file, line=line, pointer=pointer)


def parts_of(pointer: str) -> list[str]:
    """Return the unescaped parts of a JSON pointer; the empty pointer has none."""
    if not pointer:
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("/").split("/")]


def escaped(part: str | int) -> str:
    """Return one part of a JSON pointer in its written form."""
    text = str(part)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def load(path: Path, *, file: str | None = None) -> Document | Problem:
    """Load one file. A file that is no JSON or YAML, or is too large or too deep, gives one fatal problem."""
    shown = file or str(path)
    try:
        text = _text(path)
        return _built(text, path, shown)
    except UnreadableError as error:
        return Problem(text=error.text, place=Place(file=shown, line=error.line), fatal=True)


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UnreadableError(f"is larger than the {MOST_BYTES // 1_000_000} MB that are read")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError("is not text in UTF-8") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from None


def _built(text: str, path: Path, shown: str) -> Document:
    is_json = path.suffix.lower() == ".json" or text.lstrip()[:1] in {"{", "["}
    if is_json:
        try:
            return _Builder(path, shown).build(json_events(text))
        except UnreadableError:
            if path.suffix.lower() == ".json":
                raise
    return _Builder(path, shown).build(yaml_events(text))


def _child(here: object, key: str | int) -> object:
    if isinstance(here, dict):
        return here.get(key)
    if isinstance(here, list) and isinstance(key, int) and key < len(here):
        return here[key]
    return None


@dataclass(slots=True)
class _Open:
    """A mapping or sequence that is still being filled."""

    value: dict[str, object] | list[object]
    anchor: str | None
    key: str | None = None
    nodes: int = 1
    merges: list[dict[str, object]] = field(default_factory=list)


class _Builder:
    """Turns a flat run of events into data, with an own stack: depth is a number and no crash."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path, self.shown = path, shown
        self.lines: dict[tuple[int, str | int], int] = {}
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[object, int]] = {}
        self.root: object = None

    def build(self, events: Iterator[Event]) -> Document:
        for event in events:
            self._take(event)
        lines, problems = self.lines, tuple(self.problems)
        return Document(file=self.shown, path=self.path, root=self.root, lines=lines, problems=problems)

    def _take(self, event: Event) -> None:
        match event:
            case Start(line, mapping, anchor):
                self._doubt_tag(event.tag, line)
                self._before(line)
                if len(self.stack) >= MOST_DEPTH:
                    raise UnreadableError(f"is nested deeper than {MOST_DEPTH} levels", line)
                self.stack.append(_Open({} if mapping else [], anchor))
            case Stop(line):
                done = self.stack.pop()
                if isinstance(done.value, dict):
                    _merge(done)
                self._put(done.value, done.nodes, line, done.anchor)
            case Scalar(line, value, anchor):
                self._doubt_tag(event.tag, line)
                if self._is_key(value, line):
                    return
                self._before(line)
                self._put(value, 1, line, anchor)
            case Alias(line, name):
                if name not in self.anchors:
                    raise UnreadableError(f"has an alias *{name} that names nothing before it", line)
                value, nodes = self.anchors[name]
                self._before(line)
                self._put(value, nodes, line, None)

    def _doubt_tag(self, tag: str | None, line: int) -> None:
        if tag is not None:
            text = f"has the tag {tag[:80]}: it was read as plain data, tags are never executed"
            self.problems.append(Problem(text=text, place=Place(file=self.shown, line=line), doubt=True))

    def _is_key(self, value: object, line: int) -> bool:
        top = self.stack[-1] if self.stack else None
        if top is None or not isinstance(top.value, dict) or top.key is not None:
            return False
        top.key = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        if top.key in top.value and top.key != "<<":
            text = f"has the key {top.key[:80]!r} twice in one mapping: the later one counts"
            self.problems.append(Problem(text=text, place=Place(file=self.shown, line=line)))
        self.lines[id(top.value), top.key] = line
        return True

    def _before(self, line: int) -> None:
        """Note the line of an item of a sequence at its beginning, and refuse a key that is no scalar."""
        top = self.stack[-1] if self.stack else None
        if top is None:
            return
        if isinstance(top.value, list):
            self.lines[id(top.value), len(top.value)] = line
        elif top.key is None:
            raise UnreadableError("has a mapping or sequence as a key", line)

    def _put(self, value: object, nodes: int, line: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (value, nodes)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.nodes += nodes
        if top.nodes > MOST_NODES:
            raise UnreadableError(f"unfolds to more than {MOST_NODES} values", line)
        if isinstance(top.value, list):
            top.value.append(value)
            return
        key, top.key = top.key or "", None
        if key == "<<" and isinstance(value, dict | list):
            top.merges += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
        else:
            top.value[key] = value


def _merge(done: _Open) -> None:
    """Put merged mappings (`<<`) below what the mapping says itself."""
    if isinstance(done.value, dict):
        for merged in done.merges:
            for key, value in merged.items():
                done.value.setdefault(key, value)
