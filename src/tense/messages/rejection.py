"""Rejection: the refusal of a command, an answer and not an error."""

import dataclasses
from typing import Any, dataclass_transform

from tense.errors import MessageDefinitionError


@dataclass_transform(kw_only_default=True, eq_default=False)
class Rejection(Exception):  # noqa: N818 - the reason, as a noun: `OutOfStock`
    """Why a command is refused. A subclass is a keyword-only dataclass that can be raised, returned and sent.

    Raised by a handler it undoes what the handler wrote and said; returned, it keeps both. It is hashable by
    identity, picklable, and travels as its class name and fields.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        if keywords:
            unknown = ", ".join(sorted(keywords))
            message = (
                f"{cls.__name__} is a Rejection and takes no class keywords (got {unknown}): it belongs to its command."
            )
            raise MessageDefinitionError(message)
        super().__init_subclass__()
        dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in fields_of(self).items())
        return f"{type(self).__name__}({fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), fields_of(self))


def fields_of(rejection: Rejection) -> dict[str, Any]:
    """The fields of a rejection by name, as they travel."""
    if not dataclasses.is_dataclass(rejection):
        return {}
    return {field.name: getattr(rejection, field.name) for field in dataclasses.fields(rejection)}


def _rebuild(cls: type[Rejection], fields: dict[str, Any]) -> Rejection:
    return cls(**fields)
