"""Finds classes by the names they are used under, and tells which of them are commands, events and queries."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tense.rules.meaning.graph import Field, Kind
from tense.topology.readers.source.modules import Class, Module, dotted, keyword

_BASES: dict[str, Kind] = {
    **dict.fromkeys(("Event", "BaseEvent", "DomainEvent", "IntegrationEvent", "EventBase", "AbstractEvent"), "event"),
    **dict.fromkeys(("ApplicationEvent", "BusinessEvent", "IEvent", "IntegrationEventBase", "EventModel"), "event"),
    **dict.fromkeys(("BaseDomainEvent", "DomainEventBase", "EventMessage", "PublicEvent", "Notification"), "event"),
    **dict.fromkeys(("Command", "BaseCommand", "DomainCommand", "CommandBase", "AbstractCommand"), "command"),
    **dict.fromkeys(("ICommand", "CommandModel", "IntegrationCommand", "CommandMessage"), "command"),
    **dict.fromkeys(("Query", "BaseQuery", "QueryBase", "AbstractQuery", "IQuery", "DomainQuery"), "query"),
}
"""Names of base classes that declare a kind, in whatever module they stand."""

_STRANGERS = frozenset(
    {
        "asyncio",
        "threading",
        "multiprocessing",
        "django",
        "setuptools",
        "distutils",
        "click",
        "tkinter",
        "textual",
    }
    | {
        "sqlalchemy",
        "pygame",
        "discord",
        "telegram",
        "aiogram",
        "trio",
        "anyio",
        "curio",
        "graphene",
        "strawberry",
    }
    | {
        "watchdog",
        "prompt_toolkit",
        "PyQt5",
        "PyQt6",
        "PySide6",
        "wx",
        "kivy",
        "gevent",
        "simpy",
        "mcp",
        "openai",
    }
)
"""Packages whose `Event` or `Command` is another thing."""

_MODELS = frozenset({"BaseModel", "Struct", "Schema", "TypedDict", "NamedTuple", "SQLModel"})
_EXCEPTIONS = frozenset({"Exception", "BaseException", "ValueError", "RuntimeError", "HTTPException", "LookupError"})
_OPTIONAL = ("Optional[", "None |", "| None")
_NO_FIELDS = frozenset({"model_config", "__slots__", "__table__"})
_MOST_DEPTH = 12


class Classes:
    """All classes of one tree."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Index the classes by every ending of their dotted names."""
        self.every = [found for module in modules for found in module.classes]
        self._by_ending: defaultdict[str, list[Class]] = defaultdict(list)
        for found in self.every:
            parts = found.dotted.split(".")
            for start in range(len(parts)):
                self._by_ending[".".join(parts[start:])].append(found)
        self._kinds: dict[int, Kind] = {}

    def named(self, written: str, module: Module, inside: Class | None = None) -> Class | None:
        """Return the class that a name means in a module, or None where it is none of the tree."""
        if not written:
            return None
        if inside is not None:
            if written.startswith(("self.", "cls.")):
                written = f"{inside.name}.{written.partition('.')[2]}"
            nested = self._own(f"{inside.name}.{written}", module)
            if nested is not None:
                return nested
        own = self._own(written, module)
        if own is not None or not module.knows(written):
            return own
        resolved = module.resolved(written)
        found = self._nearest(self._by_ending.get(resolved, ()), module)
        if found is not None:
            return found
        package, _, simple = resolved.rpartition(".")
        inner = [one for one in self._by_ending.get(simple, ()) if package and f".{package}." in f".{one.dotted}"]
        if inner:
            return self._nearest(inner, module)
        is_star = "." not in written and written not in module.imports
        alone = self._by_ending.get(simple, ()) if is_star else ()
        return alone[0] if len(alone) == 1 else None

    def _own(self, name: str, module: Module) -> Class | None:
        return next((one for one in self._by_ending.get(f"{module.name}.{name}", ()) if one.module is module), None)

    @staticmethod
    def _nearest(found: Iterable[Class], module: Module) -> Class | None:
        """Return the class whose module shares the longest beginning with the one that names it."""

        def shared(one: Class) -> int:
            pairs = zip(one.module.path.parts, module.path.parts, strict=False)
            return sum(1 for left, right in pairs if left == right)

        return max(found, key=shared, default=None)

    def bases(self, found: Class) -> Iterator[tuple[str, Class | None]]:
        """Give each base as its resolved dotted name, and as a class where it is one of the tree."""
        outer = found.name.rpartition(".")[0]
        scope = next((one for one in found.module.classes if one.name == outer), None)
        for node in found.node.bases:
            written = dotted(node.value if isinstance(node, ast.Subscript) else node)
            if written:
                base = self.named(written, found.module, scope)
                yield found.module.resolved(written), None if base is found else base

    def kind(self, found: Class, depth: int = 0) -> Kind:
        """Return the kind that a class declares by its bases."""
        known = self._kinds.get(id(found))
        if known is not None or depth > _MOST_DEPTH:
            return known or "unknown"
        self._kinds[id(found)] = "unknown"
        for name, base in self.bases(found):
            kind: Kind = "unknown"
            if name.partition(".")[0] not in _STRANGERS:
                kind = _BASES.get(name.rpartition(".")[2], "unknown")
            if kind == "unknown" and base is not None:
                kind = self.kind(base, depth + 1)
            if kind != "unknown":
                self._kinds[id(found)] = kind
                return kind
        return "unknown"

    def declare(self, found: Class, kind: Kind) -> None:
        """Set a kind that something other than a base declares."""
        self._kinds[id(found)] = kind

    def is_message(self, found: Class) -> bool:
        """Tell whether a class is a message of some kind and not itself the base of others."""
        return self.kind(found) != "unknown" and found.simple not in _BASES and not self._is_base(found)

    def _is_base(self, found: Class) -> bool:
        simple = found.simple
        return simple.startswith(("Base", "Abstract")) or (simple.endswith("Base") and not found.node.body[1:])

    def is_exception(self, found: Class, depth: int = 0) -> bool:
        """Tell whether a class is raised."""
        for name, base in self.bases(found):
            simple = name.rpartition(".")[2]
            if simple in _EXCEPTIONS or simple.endswith(("Error", "Exception")):
                return True
            if base is not None and depth < _MOST_DEPTH and self.is_exception(base, depth + 1):
                return True
        return False

    def fields(self, found: Class, depth: int = 0) -> tuple[Field, ...] | None:
        """Return the fields of a class, with those of its bases first; None where it is not a plain data class."""
        gathered: dict[str, Field] = {}
        known = self._is_data(found)
        for _name, base in self.bases(found):
            if base is not None and depth < _MOST_DEPTH:
                inherited = self.fields(base, depth + 1)
                known = known or bool(inherited)
                gathered.update({one.name: one for one in inherited or ()})
        own = {one.name: one for one in _own_fields(found)}
        if not own and not known:
            own = {one.name: one for one in _initialised(found)}
        gathered.update(own)
        return tuple(gathered.values()) if gathered or known else None

    def _is_data(self, found: Class) -> bool:
        marks = [dotted(one.func if isinstance(one, ast.Call) else one) for one in found.node.decorator_list]
        if any(mark.rpartition(".")[2] in {"dataclass", "define", "frozen", "attrs", "s", "mutable"} for mark in marks):
            return True
        return any(name.rpartition(".")[2] in _MODELS for name, _base in self.bases(found))


def _own_fields(found: Class) -> Iterator[Field]:
    for node in found.node.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name, shown = node.target.id, ast.unparse(node.annotation)[:80]
            if name.startswith("_") or "ClassVar" in shown or name in _NO_FIELDS:
                continue
            required = node.value is None and not any(mark in shown for mark in _OPTIONAL)
            if isinstance(node.value, ast.Call):
                required = _is_required(node.value)
            yield Field(name=name, type=shown, required=required, place=found.module.place(node))
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and len(node.targets) == 1:
            target, kind = dotted(node.targets[0]), dotted(node.value.func).rpartition(".")[2]
            if kind[:1].isupper() and target and not target.startswith("_") and target not in _NO_FIELDS:
                required = _is_required(node.value)
                yield Field(name=target, type=kind, required=required, place=found.module.place(node))


def _is_required(value: ast.Call) -> bool:
    """Tell whether a field made by a call (`Field(...)`, `String(required=True)`) has no default."""
    must = keyword(value, "required")
    if isinstance(must, ast.Constant):
        return bool(must.value)
    given = any(keyword(value, name) is not None for name in ("default", "default_factory", "factory"))
    first = value.args[0] if value.args else None
    is_open = first is None or (isinstance(first, ast.Constant) and first.value is ...)
    return not given and is_open


def _initialised(found: Class) -> Iterator[Field]:
    """Give the parameters of `__init__` as fields."""
    for node in found.node.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            arguments = [*node.args.args[1:], *node.args.kwonlyargs]
            defaults = len(node.args.defaults)
            plain = node.args.args[1:]
            for number, one in enumerate(arguments):
                optional = number < len(plain) and number >= len(plain) - defaults
                shown = ast.unparse(one.annotation)[:80] if one.annotation else "unknown"
                place = found.module.place(one)
                yield Field(name=one.arg, type=shown, required=not optional, place=place)
