"""Signature: what a handler asks for, read once at registration."""

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import UnionType
from typing import Any, Literal, TypeAlias

from tense.dispatch.handler import Handler
from tense.errors import ForeignMessageError, NotAMessageError, ProvisionError, RegistrationError
from tense.messages.declaration import Declaration, declaration_of
from tense.messages.metadata import Metadata
from tense.messages.outcome import Concluded
from tense.ports.clock import Clock
from tense.ports.emission import Execute, Publish, Send
from tense.ports.transaction import Snapshot, Transaction

PortKind: TypeAlias = Literal["publish", "send", "execute", "metadata", "transaction", "snapshot", "clock", "provided"]

PORTS: Mapping[Any, PortKind] = {Publish: "publish", Send: "send", Execute: "execute"}
SIMPLE: Mapping[Any, PortKind] = {
    Metadata: "metadata",
    Transaction: "transaction",
    Snapshot: "snapshot",
    Clock: "clock",
}
ASYNC_ONLY = ("execute", "transaction", "snapshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One parameter of a handler: a port with the messages it is for, or a type to be provided."""

    name: str
    kind: PortKind
    messages: tuple[type, ...] = ()
    provided: Any = None
    optional: bool = False


@lru_cache(maxsize=4096)
def needs_of(handler: Handler) -> tuple[Need, ...]:
    """What a handler asks for beside its message; read once, however often its app is started.

    Raises:
        ProvisionError: an annotation is missing or does not exist at run time.
        RegistrationError: a port is used in a way that cannot work.
    """
    return tuple(_needs(handler.function, f"{handler.name} ({handler.place})"))


def needs_of_function(function: Callable[..., Any], where: str) -> tuple[Need, ...]:
    """What a provider asks for; as `needs_of`, with no message in front."""
    return tuple(_needs(function, where, skip=0))


def hints_of(function: Callable[..., Any], where: str) -> dict[str, Any]:
    """The annotations of a function, as objects.

    Raises:
        ProvisionError: a name does not exist at run time.
    """
    try:
        hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
        if isinstance(function, type) and inspect.isfunction(made := getattr(function, "__init__", None)):
            hints |= typing.get_type_hints(made, include_extras=True)
    except NameError as error:
        text = (
            f"{where}: {error}. Annotations say what is injected, so their names must exist at run time: "
            "move the import out of `if TYPE_CHECKING:`."
        )
        raise ProvisionError(text) from None
    return hints


def check_signature(handler: Handler) -> None:
    """Refuse a signature that cannot work.

    Raises:
        RegistrationError, ProvisionError, ForeignMessageError: what, where and what next.
    """
    where = f"{handler.name} ({handler.place})"
    if isinstance(handler.function, type):
        text = f"{where}: a handler is a function."
        raise RegistrationError(text)
    hints = hints_of(handler.function, where)
    _check_message(handler, hints, where)
    if handler.role != "handles":
        _check_returns_nothing(handler, hints, where)
    for need in needs_of(handler):
        _check_need(handler, need, where)


def _needs(function: Callable[..., Any], where: str, skip: int = 1) -> Iterator[Need]:
    hints = hints_of(function, where)
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            text = f"{where}: {parameter} takes anything; say by annotations what is to be injected."
            raise ProvisionError(text)
        if parameter.kind is parameter.POSITIONAL_ONLY:
            text = f"{where}: {parameter.name!r} is positional-only; injected parameters are given by name."
            raise ProvisionError(text)
        annotation = hints.get(parameter.name, parameter.empty)
        if annotation is parameter.empty:
            text = f"{where}: the parameter {parameter.name!r} has no annotation, so nothing says what to inject."
            raise ProvisionError(text)
        yield _need(parameter, annotation, where)


def _need(parameter: inspect.Parameter, annotation: Any, where: str) -> Need:
    name = parameter.name
    if annotation in PORTS:
        port = annotation.__name__
        text = f"{where}: {name}: {port} must say which messages: {port}[...]. The signature is the topology."
        raise RegistrationError(text)
    if kind := PORTS.get(typing.get_origin(annotation)):
        return Need(name=name, kind=kind, messages=_message_classes(annotation, kind, f"{where}: {name}"))
    try:
        simple = SIMPLE.get(annotation)
    except TypeError:
        simple = None
    if simple:
        return Need(name=name, kind=simple)
    return Need(name=name, kind="provided", provided=annotation, optional=parameter.default is not parameter.empty)


def _message_classes(annotation: Any, kind: PortKind, where: str) -> tuple[type, ...]:
    (argument,) = typing.get_args(annotation)
    union = typing.get_origin(argument) in (typing.Union, UnionType)
    if union and kind == "execute":
        text = f"{where}: Execute takes one command, not a union: ask for one Execute for each."
        raise RegistrationError(text)
    classes = typing.get_args(argument) if union else (argument,)
    wanted = "event" if kind == "publish" else "command"
    for cls in classes:
        try:
            declaration = declaration_of(cls)
        except NotAMessageError as error:
            text = f"{where}: {error}"
            raise RegistrationError(text) from None
        if declaration.kind != wanted:
            right = "Send or Execute" if declaration.kind == "command" else "Publish"
            is_kind = "a command" if declaration.kind == "command" else "an event"
            text = f"{where}: {kind.capitalize()}[{cls.__name__}] mixes the kinds: it is {is_kind}, use {right}."
            raise RegistrationError(text)
    return classes


def _check_message(handler: Handler, hints: Mapping[str, Any], where: str) -> None:
    parameters = list(inspect.signature(handler.function).parameters.values())
    if not parameters:
        text = f"{where}: the first parameter is the message, {handler.message.__name__}."
        raise RegistrationError(text)
    annotation = hints.get(parameters[0].name)
    if handler.role == "hears":
        arguments = typing.get_args(annotation)
        right = typing.get_origin(annotation) is Concluded and arguments and arguments[0] is handler.message
        if not right:
            text = (
                f"{where}: the first parameter of a listener is annotated Concluded[{handler.message.__name__}, ...]."
            )
            raise RegistrationError(text)
    elif annotation is not None and handler.message not in _alternatives(annotation):
        shown = getattr(annotation, "__name__", annotation)
        text = f"{where} is registered for {handler.declaration.name}, but its first parameter is annotated {shown}."
        raise RegistrationError(text)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    """The classes of a union, so that one function may be registered for several messages; else the one class."""
    union = typing.get_origin(annotation) in (typing.Union, UnionType)
    return typing.get_args(annotation) if union else (annotation,)


def _check_returns_nothing(handler: Handler, hints: Mapping[str, Any], where: str) -> None:
    returned = hints.get("return", type(None))
    if returned not in (None, type(None), typing.Never, typing.NoReturn):
        shown = getattr(returned, "__name__", returned)
        text = (
            f"{where}: a subscriber returns nothing, its signature says {shown}. Who publishes an event waits for no answer; "
            f"if somebody needs one, make {handler.message.__name__} a command."
        )
        raise RegistrationError(text)


def _check_need(handler: Handler, need: Need, where: str) -> None:
    if need.kind in ASYNC_ONLY and not handler.is_async:
        asked = need.kind.capitalize()
        text = (
            f"{where}: a plain `def` runs in a thread and cannot use {asked}, which is awaited. "
            "Make it `async def`, or ask for the driver's own connection."
        )
        raise RegistrationError(text)
    for cls in need.messages:
        _check_emission(handler, need, declaration_of(cls), where)


def _check_emission(handler: Handler, need: Need, declaration: Declaration, where: str) -> None:
    own = declaration.owner.name == handler.service
    if need.kind == "publish" and not own:
        text = (
            f"{where}: {handler.service} cannot publish {declaration.name}, which belongs to {declaration.owner} "
            f"({declaration.place}). Only its owner says that it happened; send {declaration.owner} a command instead."
        )
        raise ForeignMessageError(text)
    if need.kind == "execute" and own:
        text = (
            f"{where}: {handler.service} cannot wait for {declaration.name}, its own command: the handler would hold what "
            "the command needs. Call the function, or use Send."
        )
        raise RegistrationError(text)
