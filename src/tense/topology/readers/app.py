"""The exact topology of a Tense app, from what is registered and the ports its handlers ask for."""

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from tense.dispatch.handler import Handler
from tense.dispatch.registry import Registry
from tense.messages.declaration import Declaration, declaration_of
from tense.messages.kinds import field_names
from tense.rules.meaning.graph import Field, Handling, Message, Place, Saying, Service, Topology, Verb
from tense.rules.routing import answers_of

_OPTIONAL = ("None", "Optional[")


def app_topology(registry: Registry, *, source: str) -> Topology:
    """Return who handles, subscribes to and may say what. `source` is what the app is called (`module:app`).

    A handler that hears the outcome of a command is no second handler of it: it is listed as what its sayings
    happen in, nowhere else. What is said outside of handlers (by clients) is not known to an app.
    """
    handlers = [one for one in registry.handlers if one.role != "hears"]
    owners = [declaration_of(cls).owner.name for cls in registry.messages.values()]
    here = dict.fromkeys(registry.services)
    return Topology(
        sources=(source,),
        services=tuple(Service(name=name, outside=name not in here) for name in dict.fromkeys((*here, *owners))),
        messages=tuple(_message(cls) for cls in registry.messages.values()),
        sayings=tuple(said for handler in registry.handlers for said in _sayings(registry, handler)),
        handlings=tuple(_handling(handler, _name(registry, handler)) for handler in handlers),
        unknown={source: ("entries", "imports", "stores")},
    )


def _message(cls: type) -> Message:
    declaration = declaration_of(cls)
    is_command = declaration.kind == "command"
    answers = answers_of(cls) if is_command else None
    deadline = declaration.deadline.total_seconds() if declaration.deadline else None
    result = getattr(answers.result, "__name__", str(answers.result)) if answers and answers.result else None
    return Message(
        name=declaration.name,
        written=declaration.name.rpartition(".")[2],
        kind=declaration.kind,
        owner=declaration.owner.name,
        fields=tuple(_fields(cls, declaration)),
        key=declaration.key,
        version=declaration.version,
        result=None if result == "NoneType" else result,
        rejections=tuple(answers.rejections) if answers else (),
        deadline=deadline,
        description=(inspect.getdoc(cls) or "").partition("\n")[0][:200] if cls.__dict__.get("__doc__") else "",
        place=_place(declaration),
        package=cls.__module__,
    )


def _fields(cls: type, declaration: Declaration) -> Iterator[Field]:
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError, AttributeError):
        hints = {}
    defaults = _with_default(cls)
    for name in field_names(cls):
        shown = _type_name(hints.get(name))
        required = name not in defaults and not any(mark in shown for mark in _OPTIONAL)
        yield Field(name=name, type=shown, required=required, place=_place(declaration))


def _with_default(cls: Any) -> set[str]:
    """Return the fields that need not be given, whatever made the class."""
    names: Sequence[str] = getattr(cls, "__struct_fields__", ())
    if names:
        defaults = getattr(cls, "__struct_defaults__", ())
        return set(names[len(names) - len(defaults) :])
    models = getattr(cls, "model_fields", None) or {}
    found = {name for name, one in models.items() if not one.is_required()}
    plain = getattr(cls, "__dataclass_fields__", None) or {}
    found |= {name for name, one in plain.items() if _is_set(one.default) or _is_set(one.default_factory)}
    return found | {one.name for one in getattr(cls, "__attrs_attrs__", ()) if str(one.default) != "NOTHING"}


def _is_set(default: object) -> bool:
    return type(default).__name__ != "_MISSING_TYPE"


def _type_name(hint: object) -> str:
    if hint is None:
        return "unknown"
    name = hint.__name__ if isinstance(hint, type) and not getattr(hint, "__args__", None) else str(hint)
    return name.replace("typing.", "")[:80]


def _sayings(registry: Registry, handler: Handler) -> Iterator[Saying]:
    inside = None if handler.role == "hears" else _name(registry, handler)
    for port, declarations in registry.says(handler).items():
        for declaration in declarations:
            verb: Verb = "publish" if port == "publish" else "send" if port == "send" else "execute"
            yield Saying(
                service=handler.service,
                message=declaration.name,
                verb=verb,
                inside=inside,
                waits=verb == "execute",
                transactional=None if verb == "execute" else True,
                place=_written(handler),
            )


def _handling(handler: Handler, name: str) -> Handling:
    rejections = tuple(answers_of(handler.message).rejections) if handler.role == "handles" else ()
    return Handling(
        service=handler.service,
        message=handler.declaration.name,
        name=name,
        rejections=rejections,
        place=_written(handler),
    )


def _name(registry: Registry, handler: Handler) -> str:
    """Return the function's own name; with what it receives, where one name stands for several in a service."""
    name = handler.function.__qualname__
    alike = [one for one in registry.handlers if one.service == handler.service and one.role != "hears"]
    if sum(1 for one in alike if one.function.__qualname__ == name) > 1:
        return f"{name} of {handler.declaration.name.rpartition('.')[2]}"
    return name


def _written(handler: Handler) -> Place:
    file, _, line = handler.place.rpartition(":")
    return Place(file=_shown(file), line=int(line)) if file and line.isdigit() else Place(file=handler.name)


def _place(declaration: Declaration) -> Place:
    return Place(file=_shown(declaration.file), line=declaration.line or None)


def _shown(file: str) -> str:
    """Return a path as one would type it here."""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
