"""Journal: what was seen of a run from outside of the store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tense.dispatch.middleware import Handling

if TYPE_CHECKING:
    from tense.testing.simulation.node import Node

Proceed = Callable[[Handling], Awaitable[Any]]


class SimulatedFailureError(Exception):
    """A handler fails because the simulation says so."""


@dataclass(slots=True, kw_only=True)
class Start:
    """One start of a handler; `ended` is how it went: nothing while it runs or when its node died."""

    node: str
    service: str
    kind: str
    id: str
    at: float
    deadline: float | None
    ended: str = ""


@dataclass(slots=True)
class Journal:
    """Starts of handlers, messages that were answered for, outcomes that were told, timers, and faults in order."""

    starts: list[Start] = field(default_factory=list)
    accepted: dict[str, str] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)
    timers: set[str] = field(default_factory=set)
    redriven: set[str] = field(default_factory=set)
    poison: tuple[str, str] | None = None
    poisoned: int = 0
    events: list[str] = field(default_factory=list)


def watched(node: "Node") -> Callable[[Handling, Proceed], Awaitable[Any]]:
    """The middleware that writes starts down, and makes handlers slow or fail."""

    async def layer(handling: Handling, proceed: Proceed) -> Any:
        metadata, faults, loop = handling.metadata, node.faults, node.loop
        start = Start(
            node=node.place.name,
            service=handling.handler.service,
            kind=metadata.kind,
            id=metadata.id,
            at=node.clock.now(),
            deadline=metadata.deadline,
        )
        node.journal.starts.append(start)
        if _is_poison(node, start):
            node.journal.poisoned += 1
            node.kill()
            await loop.create_future()
        try:
            if faults.happens(faults.slow_handlers):
                await node.clock.sleep(faults.tape.span(2 * node.lease))
            if faults.happens(faults.failing_handlers):
                _fail(loop.time())
            returned = await proceed(handling)
            if faults.happens(faults.failing_handlers):
                _fail(loop.time())
        except BaseException as error:
            start.ended = type(error).__name__
            raise
        start.ended = "returned"
        return returned

    return layer


def _is_poison(node: "Node", start: Start) -> bool:
    """Whether this message kills whoever touches it: one of a run that has such, until it is a dead letter."""
    journal, faults = node.journal, node.faults
    if journal.poison is None and faults.poison and faults.happens(100):
        journal.poison = (start.service, start.id)
    return faults.poison > 0 and journal.poison == (start.service, start.id)


def _fail(at: float) -> None:
    text = f"simulated at {at:.3f} s"
    raise SimulatedFailureError(text)
