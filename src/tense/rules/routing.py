"""Routing: exactly one handler for a command, any number for an event, and who may wait for whom."""

import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Never

import msgspec
import typing_extensions

from tense.errors import ExecuteCycleError, MessageDefinitionError
from tense.messages.declaration import Declaration, declaration_of
from tense.messages.rejection import Rejection


class Answers(msgspec.Struct, frozen=True):
    """What a command may be answered with: the type of its result and its rejections by name."""

    result: Any
    rejections: dict[str, type[Rejection]]


def answers_of(command: type) -> Answers:
    """Resolve `Command[Result, Rejections]` to classes.

    Raises:
        MessageDefinitionError: a name that does not resolve, a rejection that is none, two rejections of one name.
    """
    declaration = declaration_of(command)
    parameters = [_resolved(command, declaration, parameter) for parameter in declaration.parameters]
    result = parameters[0] if parameters else None
    refusals = _members(parameters[1]) if len(parameters) > 1 else ()
    rejections: dict[str, type[Rejection]] = {}
    for refusal in refusals:
        if not (isinstance(refusal, type) and issubclass(refusal, Rejection)):
            text = f"{declaration.name} ({declaration.place}): {refusal!r} is declared as a rejection but is no tense.Rejection."
            raise MessageDefinitionError(text)
        if rejections.setdefault(refusal.__name__, refusal) is not refusal:
            text = f"{declaration.name} ({declaration.place}) declares two rejections named {refusal.__name__}."
            raise MessageDefinitionError(text)
    return Answers(result, rejections)


def _resolved(command: type, declaration: Declaration, parameter: Any) -> Any:
    """A parameter as a class; a string is looked up where the command was written."""
    if isinstance(parameter, str):
        parameter = typing.ForwardRef(parameter)
    if not isinstance(parameter, typing.ForwardRef):
        return parameter
    module = sys.modules.get(command.__module__)
    names = vars(module) if module else {}
    try:
        return eval(parameter.__forward_arg__, dict(names))  # noqa: S307 - the user's own annotation, as typing does it
    except NameError as error:
        text = f"{declaration.name} ({declaration.place}): {error}. Names in Command[...] must exist at run time."
        raise MessageDefinitionError(text) from None


def _members(annotation: Any) -> tuple[Any, ...]:
    if (
        annotation is None
        or annotation is type(None)
        or annotation in (Never, typing_extensions.Never, typing.NoReturn)
    ):
        return ()
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return tuple(argument for argument in typing.get_args(annotation) if argument is not type(None))
    return (annotation,)


def refuse_cycles(edges: Mapping[str, Iterable[str]]) -> None:
    """Refuse services whose handlers would wait for each other by `Execute` (service -> services it waits for).

    Raises:
        ExecuteCycleError: with the circle.
    """
    done: set[str] = set()
    for start in edges:
        _walk(start, edges, (), done)


def _walk(service: str, edges: Mapping[str, Iterable[str]], path: tuple[str, ...], done: set[str]) -> None:
    if service in path:
        raise ExecuteCycleError((*path[path.index(service) :], service))
    if service in done:
        return
    for target in edges.get(service, ()):
        _walk(target, edges, (*path, service), done)
    done.add(service)
