"""Upcast: register how an old version of a message becomes the next."""

from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import TypeVar

from tense.errors import RegistrationError
from tense.messages.declaration import declaration_of
from tense.rules.upcast import Upcaster

F = TypeVar("F", bound=Callable[[dict[str, Any]], dict[str, Any]])

ATTRIBUTE = "__tense_upcasters__"


def upcast(message: type, /, *, version: int) -> Callable[[F], F]:
    """Register a function from the fields of `version` to those of `version + 1`.

    Raises:
        RegistrationError: the version is not older than the class's own, or has an upcaster already.
    """
    declaration = declaration_of(message)
    if not 1 <= version < declaration.version:
        text = (
            f"@upcast({message.__name__}, version={version}): {declaration.name} is at version {declaration.version}; "
            "an upcaster is for an older one."
        )
        raise RegistrationError(text)

    def register(function: F) -> F:
        steps = dict(upcasters_of(message))
        if steps.setdefault(version, function) is not function:
            text = f"{declaration.name} has two upcasters of version {version}."
            raise RegistrationError(text)
        setattr(message, ATTRIBUTE, steps)
        return function

    return register


def upcasters_of(message: type) -> Mapping[int, Upcaster]:
    """The registered upcasters of a class by the version they take."""
    found: Mapping[int, Upcaster] = message.__dict__.get(ATTRIBUTE, {})
    return found
