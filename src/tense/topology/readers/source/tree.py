"""What the readers of the frameworks share: the modules of a tree, and the topology they gather into."""

import ast
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from tense.rules.meaning.graph import Channel, Field, Handling, Kind, Message, Place, Saying, Service, Verb
from tense.topology.reader import Draft
from tense.topology.readers.source.classes import Classes
from tense.topology.readers.source.lookup import Lookup
from tense.topology.readers.source.modules import Called, Class, Function, Module, dotted
from tense.topology.readers.source.services import Services

_STORES = (
    "session",
    "db",
    "database",
    "conn",
    "connection",
    "transaction",
    "uow",
    "tx",
    "unit_of_work",
    "cursor",
)
_NO_REJECTIONS = ("Error", "Exception", "Retry", "Failure", "Timeout", "Reject", "Ignore", "Warning")


@dataclass(eq=False, slots=True)
class Tree:
    """One tree of source, and the draft of its topology."""

    folder: Path
    modules: Sequence[Module]
    classes: Classes
    lookup: Lookup
    services: Services
    draft: Draft
    names: dict[int, str] = field(default_factory=dict)
    handlers: defaultdict[int, list[Handling]] = field(default_factory=lambda: defaultdict(list))
    taken: set[int] = field(default_factory=set)
    later: list[tuple[Function | None, Saying]] = field(default_factory=list)

    def using(self, *packages: str) -> list[Module]:
        """Return the modules that import from one of the packages."""
        return [module for module in self.modules if module.uses(*packages)]

    def service(self, module: Module, name: str = "") -> str:
        """Return the service of a module, or the named one, and add it."""
        found = name or self.services.of(module.path)
        if found not in self.draft.services:
            told = "named in its source" if name else "named after its folder"
            place = Place(file=module.file, line=1)
            self.draft.services[found] = Service(name=found, description=told, place=place)
        return found

    def message(self, found: Class, kind: Kind = "unknown") -> str:
        """Add a message class; return its name."""
        name = self.names.get(id(found))
        if name is not None:
            return name
        shared = self.services.is_shared(found.module.path)
        owner = None if shared else self.service(found.module)
        name = self._free_name(found, owner)
        self.names[id(found)] = name
        declared = self.classes.kind(found)
        self.draft.messages[name] = Message(
            name=name,
            written=found.name.replace(".", ""),
            kind=declared if declared != "unknown" else kind,
            owner=owner,
            fields=self.classes.fields(found),
            package=found.module.name,
            description=(ast.get_docstring(found.node) or "").partition("\n")[0][:200],
            place=found.place,
        )
        return name

    def _free_name(self, found: Class, owner: str | None) -> str:
        for name in (found.name, f"{owner or found.module.name}.{found.name}", found.dotted):
            if name not in self.draft.messages:
                return name
        return f"{found.dotted}:{found.place.line}"

    def named_message(  # the fields of a message
        self,
        name: str,
        *,
        place: Place,
        kind: Kind = "unknown",
        owner: str | None = None,
        fields: tuple[Field, ...] | None = None,
        written: str = "",
    ) -> str:
        """Add a message that is known by its name alone; what it lacked so far is filled in."""
        known = self.draft.messages.get(name)
        if known is None:
            self.draft.messages[name] = Message(
                name=name, written=written or name, kind=kind, owner=owner, fields=fields, place=place
            )
        else:
            self.draft.messages[name] = replace(
                known,
                kind=known.kind if known.kind != "unknown" else kind,
                owner=known.owner or owner,
                fields=known.fields if known.fields is not None else fields,
            )
        return name

    def handles(self, function: Function, message: str, *, service: str = "", channel: str | None = None) -> None:
        """Record that a function handles a message."""
        known = [one for one in self.handlers[id(function)] if one.message == message]
        if known and (not service or any(one.service == service for one in known)):
            return
        owner = self.service(function.module, service)
        handling = Handling(
            service=owner,
            message=message,
            name=function.name,
            rejections=self._rejections(function),
            channel=channel,
            place=function.place,
        )
        self.handlers[id(function)].append(self.draft.handle(handling))

    def says(  # the fields of a saying
        self,
        called: Called,
        message: str,
        verb: Verb,
        *,
        service: str = "",
        waits: bool = False,
        address: str | None = None,
        channel: str | None = None,
        leaves_at_once: bool = False,
    ) -> None:
        """Record that a call says a message; one call says one message once.

        `leaves_at_once` marks a framework that hands the message to its broker within the call: beside a commit
        in the same function it is outside the transaction.
        """
        self.taken.add(id(called.node))
        torn = leaves_at_once and called.function is not None and self._commits(called.function)
        said = Saying(
            service=self.service(called.module, service),
            message=message,
            verb=verb,
            waits=waits,
            transactional=False if torn else None,
            address=address,
            channel=channel,
            place=called.place,
        )
        self.later.append((called.function, said))

    def channel(self, name: str, place: Place, *messages: str, to_one: bool | None = None) -> None:
        """Add a queue or topic, or the messages it carries."""
        known = self.draft.channels.get(name)
        every = tuple(dict.fromkeys((*(known.messages if known else ()), *messages)))
        kept = to_one if known is None or known.point_to_point is None else known.point_to_point
        self.draft.channels[name] = Channel(
            name=name,
            address=name,
            point_to_point=kept,
            messages=every,
            place=known.place if known else place,
        )
        for message in messages:
            found = self.draft.messages.get(message)
            if found is not None and name not in found.channels:
                self.draft.messages[message] = replace(found, channels=(*found.channels, name))

    def class_of(self, node: ast.expr | None, called: Called) -> Class | None:
        """Return the class of an object that is made in place, or was put into a local variable."""
        owner = called.function.owner if called.function else None
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Call):
            return self._made(dotted(node.func), called.module, owner)
        name = dotted(node)
        if name and called.function is not None and name in called.function.made:
            return self._made(called.function.made[name], called.module, owner)
        return None

    def _made(self, written: str, module: Module, owner: Class | None) -> Class | None:
        """Return the class that a call makes: `X(...)`, or `X.of(...)` by a class method."""
        found = self.classes.named(written, module, owner)
        if found is None and "." in written and written.rpartition(".")[2][:1].islower():
            found = self.classes.named(written.rpartition(".")[0], module, owner)
        return found

    def annotated(self, node: ast.expr | None, function: Function) -> list[Class]:
        """Return the classes of an annotation: one, or those of a union."""
        found: list[Class] = []
        pending = [node]
        while pending:
            part = pending.pop(0)
            match part:
                case ast.BinOp():
                    pending += [part.left, part.right]
                case ast.Subscript():
                    inner = part.slice.elts[:1] if isinstance(part.slice, ast.Tuple) else [part.slice]
                    is_union = dotted(part.value).endswith("Union") and isinstance(part.slice, ast.Tuple)
                    pending += part.slice.elts if is_union and isinstance(part.slice, ast.Tuple) else inner
                case ast.Constant(value=str() as text):
                    pending.append(_expression(text))
                case ast.Name() | ast.Attribute():
                    one = self.classes.named(dotted(part), function.module, function.owner)
                    found += [one] if one is not None else []
                case _:
                    pass
        return found

    def _rejections(self, function: Function) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for where, raised in function.module.raised:
            found = self.classes.named(raised, function.module) if where is function else None
            is_reason = found is not None and not found.simple.endswith(_NO_REJECTIONS)
            if found is not None and is_reason and self.classes.is_exception(found):
                names[found.simple] = None
        return tuple(names)

    @staticmethod
    def _commits(function: Function) -> bool:
        for called in function.module.calls:
            if called.function is function and called.method == "commit":
                holder = dotted(called.receiver).rpartition(".")[2].lower().lstrip("_")
                if holder in _STORES:
                    return True
        return False


def _expression(text: str) -> ast.expr | None:
    try:
        return ast.parse(text[:500], mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


FrameworkReader = Callable[[Tree], None]
"""Finds what one framework's words say, and records it in the tree."""
