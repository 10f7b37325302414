"""Instances: whether one that said it lives still does, and whether two may live beside each other."""

import os

from tense.errors import OwnerConflictError
from tense.ports.records import Instance


def is_gone(instance: Instance, host: str) -> bool:
    """Whether an instance of this very machine has no process any more: then nobody need wait for its lease."""
    if not host or instance.host != host:
        return False
    try:
        os.kill(instance.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def refuse_two_owners(mine: Instance, other: Instance) -> None:
    """Refuse to begin beside an instance that handles one of the same commands with other code.

    Raises:
        OwnerConflictError: it does.
    """
    for name, code in mine.commands.items():
        theirs = other.commands.get(name)
        if theirs is not None and theirs != code:
            text = (
                f"{name} is handled by another code base: {theirs!r} in process {other.pid} (app {other.app or 'unnamed'}, "
                f"version {other.version}), here it would be {code!r}. A command has one owner; stop one of the two, or "
                "rename the contract."
            )
            raise OwnerConflictError(text)
