"""Instances: whether one that said it lives still does, and whether two may live beside each other."""

import logging
import os
from collections.abc import Sequence

import msgspec

from tense.errors import OwnerConflictError
from tense.messages.settlement import Again, Done
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer, Instance

log = logging.getLogger("tense")


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


TAKEN_FOR = 600.0
"""Seconds for which a subscription takes a type after the last instance that takes it was seen. In a rolling deploy one
instance takes what another does not know, and all move the same cursors: none may pass over what is another's."""


def types_taken(consumers: Sequence[Consumer]) -> list[tuple[str, str]]:
    """Which subscription takes which types, one pair for each."""
    return [(consumer.name, t) for consumer in consumers if consumer.kind == "subscription" for t in consumer.types]


def attempts_after(delivery: Delivery, again: Again) -> tuple[int, int]:
    """The attempts that stay counted when a delivery is put off, and by how much it was released more often."""
    return (delivery.attempt, 0) if again.counts else (delivery.attempt - 1, 1)


def let_go(delivery: Delivery, consumer: Consumer) -> Delivery:
    """An exception of a type that no instance takes any more: over, if it only waited for one that does.

    What failed, or was put back by a person, is run or buried: it is somebody's.
    """
    waited = delivery.released and delivery.attempt == 1 and not delivery.redriven
    if not waited or delivery.metadata.type in consumer.types:
        return delivery
    text = "%s %s is passed over: no instance of %s has taken its type for %g minutes"
    log.warning(text, delivery.metadata.type, delivery.metadata.id, consumer.name, TAKEN_FOR / 60)
    return msgspec.structs.replace(delivery, ended=Done())


class Unbroken:
    """For how long something has been done again and again; after a gap longer than `gap` seconds it counts anew.

    Who was cut off from the store for long, like all others, must not take their silence for their end. The same clock counts
    as for them, so that a step of it is a gap too.
    """

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._since = self._last = float("-inf")

    def beat(self, now: float) -> float:
        """It is done now; seconds since it was first done without a gap."""
        if now - self._last > self._gap:
            self._since = now
        self._last = now
        return now - self._since
