"""Provide: what an app gives to its handlers besides the ports, resolved by annotation through a compiled plan."""

import collections.abc
import contextlib
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tense.dispatch.signature import Need, hints_of, needs_of_function
from tense.errors import ProvisionError

Scope: TypeAlias = Literal["app", "message", "call"]
"""How long a provided thing lives: as long as the app runs, one delivery, or one injection."""

Shape: TypeAlias = Literal["value", "function", "coroutine", "context", "async context"]

ITERATORS = (
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
    contextlib.AbstractAsyncContextManager,
    collections.abc.Iterator,
    collections.abc.Generator,
    contextlib.AbstractContextManager,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one type comes about: a value, a function of other provided things, or a context around them."""

    provides: Any
    source: Any
    scope: Scope
    shape: Shape
    needs: tuple[Need, ...] = ()

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return str(getattr(self.source, "__qualname__", repr(self.source)))


@dataclass(frozen=True, slots=True)
class Scoped:
    """A source with the scope it is to live in; made by `scoped`."""

    source: Any
    scope: Scope


def scoped(source: Callable[..., Any], scope: Scope) -> Scoped:
    """Say how long what a function or context manager provides lives; without it, as long as the app runs."""
    return Scoped(source, scope)


def provider_of(given: Any) -> Provider:
    """Read one entry of `App(provide=[...])`.

    Raises:
        ProvisionError: a function that does not say what it returns.
    """
    source, scope = (given.source, given.scope) if isinstance(given, Scoped) else (given, "app")
    if not (inspect.isfunction(source) or inspect.ismethod(source) or isinstance(source, type)):
        return Provider(provides=type(source), source=source, scope="app", shape="value")
    if isinstance(source, type):
        needs = needs_of_function(source, source.__qualname__)
        return Provider(provides=source, source=source, scope=scope, shape="function", needs=needs)
    where = f"{source.__module__}:{source.__qualname__}"
    shape = _shape(inspect.unwrap(source))
    provides = _provided_type(hints_of(source, where).get("return"), where)
    return Provider(provides=provides, source=source, scope=scope, shape=shape, needs=needs_of_function(source, where))


def _shape(plain: Any) -> Shape:
    if inspect.isasyncgenfunction(plain):
        return "async context"
    if inspect.isgeneratorfunction(plain):
        return "context"
    if inspect.iscoroutinefunction(plain):
        return "coroutine"
    return "function"


def _provided_type(returned: Any, where: str) -> Any:
    if returned is None or returned is type(None):
        text = f"{where} does not say what it provides: annotate what it returns."
        raise ProvisionError(text)
    if typing.get_origin(returned) in ITERATORS:
        return typing.get_args(returned)[0]
    return returned


class Provisions:
    """Every provider of an app by the type it provides, checked once.

    Raises:
        ProvisionError: two providers of one type, something missing, a circle, or an app-wide thing that needs one of a
            shorter life; with the path that led there.
    """

    def __init__(self, given: Sequence[Any]) -> None:
        self.providers: dict[Any, Provider] = {}
        for each in given:
            provider = provider_of(each)
            if (other := self.providers.get(provider.provides)) is not None:
                text = f"{_shown(provider.provides)} is provided twice: by {other.name} and by {provider.name}."
                raise ProvisionError(text)
            self.providers[provider.provides] = provider

    def check(self, need: Need, where: str) -> None:
        """Refuse a need that cannot be met, with the path to it."""
        if need.kind == "provided" and not (need.optional and self.find(need.provided) is None):
            self._resolve(need.provided, (where,), "call")

    def order(self, scope: Scope) -> list[Provider]:
        """The providers of one scope, each after what it needs."""
        ordered: list[Provider] = []

        def visit(provider: Provider) -> None:
            for need in provider.needs:
                inner = self.find(need.provided) if need.kind == "provided" else None
                if inner is not None:
                    visit(inner)
            if provider.scope == scope and provider not in ordered:
                ordered.append(provider)

        for provider in self.providers.values():
            visit(provider)
        return ordered

    def find(self, wanted: Any) -> Provider | None:
        """The provider of a type: of exactly it, or else the only one of a subclass."""
        try:
            if (exact := self.providers.get(wanted)) is not None:
                return exact
        except TypeError:
            return None
        if not isinstance(wanted, type) or wanted is object:
            return None
        fitting = [
            p for p in self.providers.values() if isinstance(p.provides, type) and _is_subclass(p.provides, wanted)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _resolve(self, wanted: Any, path: tuple[str, ...], outer: Scope) -> None:
        provider = self.find(wanted)
        if provider is None and is_driver(wanted) and outer != "app":
            return
        if provider is None and is_driver(wanted):
            text = (
                f"{path[-1]} asks for {_shown(wanted)}, which belongs to one message, but lives as long as the app: "
                f"scoped({path[-1]}, 'message').\n{_drawn(path)}"
            )
            raise ProvisionError(text)
        if provider is None:
            text = (
                f"nothing provides {_shown(wanted)}.\n{_drawn((*path, _shown(wanted)))}\nAdd it to App(provide=[...])."
            )
            raise ProvisionError(text)
        if provider.name in path:
            text = f"providers need each other in a circle.\n{_drawn((*path, provider.name))}"
            raise ProvisionError(text)
        if outer == "app" and provider.scope != "app":
            text = (
                f"{provider.name} lives for one {provider.scope}, but something that lives as long as the app needs it.\n"
                f"{_drawn((*path, provider.name))}\nGive both the same scope with scoped(...)."
            )
            raise ProvisionError(text)
        for need in provider.needs:
            self._check_inner(provider, need, (*path, provider.name))

    def _check_inner(self, provider: Provider, need: Need, path: tuple[str, ...]) -> None:
        if need.kind in ("publish", "send", "execute"):
            text = f"{provider.name} asks for {need.kind.capitalize()}; only a handler says messages.\n{_drawn(path)}"
            raise ProvisionError(text)
        if need.kind in ("metadata", "transaction") and provider.scope == "app":
            text = (
                f"{provider.name} asks for {need.kind.capitalize()}, which belongs to one message, but lives as long as the "
                f"app: scoped({provider.name}, 'message').\n{_drawn(path)}"
            )
            raise ProvisionError(text)
        if need.kind == "provided" and not (need.optional and self.find(need.provided) is None):
            self._resolve(need.provided, path, provider.scope)


DRIVERS = frozenset({"sqlite3", "psycopg", "asyncpg", "sqlalchemy"})
"""Libraries whose connections a store may give; the store says at start which it can."""


def is_driver(wanted: Any) -> bool:
    """Whether a type is a database driver's own connection or session."""
    if not isinstance(wanted, type):
        return False
    # A project may have a session class of its own; the app says at once whether its unit of work gives that one.
    sessions = any(cls.__module__.startswith("sqlalchemy.") for cls in wanted.__mro__)
    return sessions or wanted.__module__.partition(".")[0] in DRIVERS


async def opened(provider: Provider, arguments: Mapping[str, Any], stack: contextlib.AsyncExitStack) -> Any:
    """What a provider gives; a context is entered on the stack, which leaves it."""
    if provider.shape == "value":
        return provider.source
    given = provider.source(**arguments)
    if inspect.isawaitable(given):
        return await given
    if isinstance(given, contextlib.AbstractAsyncContextManager):
        return await stack.enter_async_context(given)
    if isinstance(given, contextlib.AbstractContextManager) and provider.shape == "context":
        return stack.enter_context(given)
    if provider.shape == "async context":
        return await stack.enter_async_context(contextlib.asynccontextmanager(_again(given))())
    if provider.shape == "context":
        return stack.enter_context(contextlib.contextmanager(_again(given))())
    return given


def _again(generator: Any) -> Any:
    return lambda: generator


def _is_subclass(cls: type, wanted: type) -> bool:
    try:
        return issubclass(cls, wanted)
    except TypeError:
        return False


def _shown(wanted: Any) -> str:
    if isinstance(wanted, type):
        return f"{wanted.__module__}.{wanted.__qualname__}"
    return str(wanted)


def _drawn(path: Sequence[str]) -> str:
    return "\n".join(f"  {'   ' * depth}{'-> ' if depth else ''}{step}" for depth, step in enumerate(path))
