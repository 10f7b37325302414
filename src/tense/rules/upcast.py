"""Upcast: from an old version of a message to the one this code knows."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tense.errors import UndecodableError

Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""From the fields of one version to the fields of the next."""


def missing_steps(versions: Mapping[int, Upcaster], current: int) -> tuple[int, ...]:
    """The versions between the oldest that is covered and the current one that nothing upcasts."""
    if not versions:
        return ()
    return tuple(version for version in range(min(versions), current) if version not in versions)


def upcasted(fields: dict[str, Any], version: int, current: int, steps: Mapping[int, Upcaster]) -> dict[str, Any]:
    """The fields of version `version` brought to version `current`, one step at a time.

    Raises:
        UndecodableError: a step is missing, or its function failed or gave no dict.
    """
    for step in range(version, current):
        upcaster = steps.get(step)
        if upcaster is None:
            text = f"version {step} is older than this code knows, and nothing upcasts it"
            raise UndecodableError(text)
        try:
            fields = upcaster(fields)
        except Exception as error:
            text = f"upcasting from version {step} failed: {error!r}"
            raise UndecodableError(text) from error
        if not isinstance(fields, dict):
            text = f"the upcaster of version {step} gave {type(fields).__name__} and not a dict"
            raise UndecodableError(text)
    return fields
