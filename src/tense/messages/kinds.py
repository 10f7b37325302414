"""Command and Event, their guests AsCommand and AsEvent, and the protocols that bind ports to them.

Checkers see a static face, at run time a command is a frozen `msgspec.Struct`. The phantom class methods
`__command__` and `__event__` exist for checkers only: they carry the result and the rejections of a class from
its declaration to every port and client method (a bare decorator could not).
"""

from typing import TYPE_CHECKING, Any, Never, Protocol

import msgspec
from typing_extensions import TypeVar

from tense.errors import MessageDefinitionError
from tense.messages.declaration import ATTRIBUTE, Declaration, declare
from tense.messages.rejection import Rejection

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Generic, Self, dataclass_transform

    from tense.messages.contract import Contract

    R = TypeVar("R", default=None)
    X = TypeVar("X", bound=Rejection, default=Never)

    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
    class Command(Generic[R, X]):
        """Do this: imperative, exactly one handler, may be refused, gets an answer.

        `Command[Receipt, EmptyOrder | OutOfStock]` names its result and its rejections; both may be left out.
        `owner` is the contract of the service that handles it, `key` the field that order goes by, `deadline` how long
        after sending it may still be started.
        """

        def __init_subclass__(
            cls,
            *,
            owner: Contract,
            key: str | None = None,
            name: str | None = None,
            version: int = 1,
            deadline: timedelta | None = None,
        ) -> None: ...

        @classmethod
        def __command__(cls) -> tuple[type[Self], R, X]: ...

    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
    class Event:
        """This happened: past tense, any number of subscribers, cannot be refused, gets no answer.

        `owner` is the contract of the one service that publishes it, `key` the field that order goes by.
        """

        def __init_subclass__(
            cls, *, owner: Contract, key: str | None = None, name: str | None = None, version: int = 1
        ) -> None: ...

        @classmethod
        def __event__(cls) -> type[Self]: ...

    class AsCommand(Generic[R, X]):
        """Makes a command of a class that keeps its own base: a Pydantic model, dataclass or attrs class."""

        def __init_subclass__(
            cls,
            *,
            owner: Contract,
            key: str | None = None,
            name: str | None = None,
            version: int = 1,
            deadline: timedelta | None = None,
            **others: Any,
        ) -> None: ...

        @classmethod
        def __command__(cls) -> tuple[type[Self], R, X]: ...

    class AsEvent:
        """Makes an event of a class that keeps its own base: a Pydantic model, dataclass or attrs class."""

        def __init_subclass__(
            cls,
            *,
            owner: Contract,
            key: str | None = None,
            name: str | None = None,
            version: int = 1,
            **others: Any,
        ) -> None: ...

        @classmethod
        def __event__(cls) -> type[Self]: ...

else:

    class _Parameters:
        """What `Command[R, X]` gives: a base that remembers its arguments."""

        def __init__(self, origin: type, arguments: tuple[Any, ...]) -> None:
            self.origin = origin
            self.arguments = arguments

        def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
            return (self.origin,)

        def __repr__(self) -> str:
            return f"{self.origin.__name__}[{', '.join(map(repr, self.arguments))}]"

        def __call__(self, *_: Any, **__: Any) -> Never:
            text = f"{self!r} cannot be instantiated. Derive your own class from it."
            raise MessageDefinitionError(text)

    def _parameterised(origin: type, arguments: Any) -> _Parameters:
        arguments = arguments if isinstance(arguments, tuple) else (arguments,)
        if len(arguments) > 2:  # noqa: PLR2004 - result and rejections
            text = f"{origin.__name__}[Result, Rejections] takes two arguments, got {len(arguments)}. Join rejections with '|'."
            raise MessageDefinitionError(text)
        return _Parameters(origin, arguments)

    def _parameters_of(namespace: dict[str, Any]) -> tuple[Any, ...]:
        for base in namespace.get("__orig_bases__", ()):
            if isinstance(base, _Parameters):
                return base.arguments
        return ()

    class _MessageMeta(type(msgspec.Struct)):
        """Takes the class keywords of a message off and keeps them as its declaration."""

        def __new__(mcls, name, bases, namespace, /, *, kind=None, **keywords):
            cls = super().__new__(mcls, name, bases, namespace, frozen=True, kw_only=True)
            if kind is not None:
                cls.__kind__ = kind
                return cls
            setattr(cls, ATTRIBUTE, declare(cls, cls.__kind__, keywords, _parameters_of(namespace)))
            check_key(cls)
            return cls

    class Command(msgspec.Struct, metaclass=_MessageMeta, kind="command"):
        """Do this: imperative, exactly one handler, may be refused, gets an answer."""

        def __class_getitem__(cls, arguments):
            return _parameterised(cls, arguments)

    class Event(msgspec.Struct, metaclass=_MessageMeta, kind="event"):
        """This happened: past tense, any number of subscribers, cannot be refused, gets no answer."""

    def _mark_guest(cls: type, kind: str, keywords: dict[str, Any]) -> None:
        # A class decorator with slots=True makes the class a second time, without its keywords: keep the first marking.
        if not keywords and isinstance(cls.__dict__.get(ATTRIBUTE), Declaration):
            return
        setattr(cls, ATTRIBUTE, declare(cls, kind, keywords, _parameters_of(cls.__dict__)))

    _OURS = ("owner", "key", "name", "version", "deadline")

    def _take(keywords: dict[str, Any]) -> dict[str, Any]:
        return {word: keywords.pop(word) for word in _OURS if word in keywords}

    class AsCommand:
        """Makes a command of a class that keeps its own base: a Pydantic model, dataclass or attrs class."""

        __slots__ = ()

        def __class_getitem__(cls, arguments):
            return _parameterised(cls, arguments)

        def __init_subclass__(cls, **keywords: Any) -> None:
            ours = _take(keywords)
            super().__init_subclass__(**keywords)
            _mark_guest(cls, "command", ours)

    class AsEvent:
        """Makes an event of a class that keeps its own base: a Pydantic model, dataclass or attrs class."""

        __slots__ = ()

        def __init_subclass__(cls, **keywords: Any) -> None:
            ours = _take(keywords)
            super().__init_subclass__(**keywords)
            _mark_guest(cls, "event", ours)


R_co = TypeVar("R_co", covariant=True)
X_co = TypeVar("X_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)
E_co = TypeVar("E_co", covariant=True)


class IsCommand(Protocol[R_co, X_co]):
    """An instance of a command whose result is `R_co` and whose rejections are `X_co`."""

    @classmethod
    def __command__(cls) -> "tuple[type[Any], R_co, X_co]": ...


class IsEvent(Protocol):
    """An instance of an event."""

    @classmethod
    def __event__(cls) -> type[Any]: ...


class CommandType(Protocol[C_co, R_co, X_co]):
    """A command class: makes `C_co`, answered by `R_co`, refused by `X_co`."""

    def __command__(self) -> "tuple[type[C_co], R_co, X_co]": ...


class EventType(Protocol[E_co]):
    """An event class: makes `E_co`."""

    def __event__(self) -> "type[E_co]": ...


def field_names(cls: type) -> tuple[str, ...]:
    """The names of a message's fields, whatever makes it: struct, dataclass, attrs or Pydantic."""
    for attribute in ("__struct_fields__", "__dataclass_fields__", "model_fields"):
        found = getattr(cls, attribute, None)
        if found is not None:
            return tuple(found)
    attributes = getattr(cls, "__attrs_attrs__", ())
    return tuple(attribute.name for attribute in attributes)


def check_key(cls: type) -> None:
    """Refuse a key that names no field.

    Raises:
        MessageDefinitionError: the class has no such field.
    """
    declaration: Declaration = cls.__dict__[ATTRIBUTE]
    fields = field_names(cls)
    if declaration.key is not None and declaration.key not in fields:
        listing = ", ".join(fields) or "none"
        text = (
            f"{cls.__qualname__}: key={declaration.key!r} names no field. Its fields are: {listing}. "
            "The key is what order and partition go by."
        )
        raise MessageDefinitionError(text)
