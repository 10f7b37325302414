"""Replay: feeds logged events to one subscription again, in an epoch of its own, with shut ports."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from tense.dispatch.answers import Answering
from tense.dispatch.bus import Bus, run_subscribers
from tense.dispatch.call import Voice
from tense.dispatch.envelopes import Envelopes
from tense.errors import NotSupportedError, RegistrationError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Done
from tense.ports.delivery import Delivery, Lease
from tense.ports.records import Consumer
from tense.ports.store import Units
from tense.runtime.joined import opening_units

if TYPE_CHECKING:
    from tense.runtime.app import App
    from tense.runtime.engine import Seams

PAGE = 200
"""How many events are read, and made durable, at once."""

KEPT = 100
"""How many failures are kept with their errors; the others are counted."""


class History(Units, Protocol):
    """The part of a store that remembers events: read again what a subscription has read."""

    async def history(self, consumer: Consumer, after: int, limit: int) -> Sequence[Delivery]:
        """Logged events that the subscription takes, beyond a position, in the order of the log, at most `limit`."""
        ...

    async def cursors(self, consumer: Consumer) -> Mapping[int, int]:
        """The position up to which each lane of the subscription was read; empty if it never was."""
        ...


@dataclass(slots=True)
class Report:
    """What a replay did. `said` counts what the shut ports kept back; `failures` the first positions and errors."""

    handled: int = 0
    failed: int = 0
    position: int = 0
    said: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)


class Replay:
    """Runs one subscription's handlers over events that it has handled before; what they write is committed.

    Events that it has not reached yet are left to its worker. Nothing is published, sent or executed. Where the
    subscription stands, its retries and its dead letters are not touched. An event whose handler fails is undone and
    reported, and the replay goes on with the next.
    """

    def __init__(self, app: "App", store: History, seams: "Seams") -> None:
        answering = Answering(app.codec)
        envelopes = Envelopes(app.codec, seams.clock, seams.chance, app.max_body)
        self._registry = app.registry
        self._store = store
        self._units = opening_units(app, store, seams.spawn)
        self._voice = Voice(envelopes, answering, _refuse_asking, frozenset())
        self._bus = Bus(app.registry.handlers, app.provisions, app.middleware, seams.clock, seams.spawn)
        self.report = Report()

    async def run(self, subscription: str, *, after: int = 0, since: float = 0.0) -> Report:
        """Feed what the subscription has handled, beyond a position and made at or after a moment.

        Raises:
            RegistrationError: the app has no such subscription, or it is an inbox.
            StoreError: what was done could not be made durable; `report` says how far it went.
        """
        consumer = subscription_of(self._registry.consumers, subscription)
        cursors = await self._store.cursors(consumer)
        end = max(cursors.values(), default=0)
        self.report.position = after
        await self._bus.start(self._store)
        try:
            while self.report.position < end:
                page = await self._store.history(consumer, self.report.position, PAGE)
                if not page:
                    break
                for delivery in page:
                    if delivery.position <= cursors.get(delivery.lane, 0) and delivery.metadata.time >= since:
                        await self._one(consumer, delivery)
                await self._store.settled()
                self.report.position = page[-1].position
        finally:
            await self._bus.stop()
        return self.report

    async def _one(self, consumer: Consumer, delivery: Delivery) -> None:
        epoch = f"{consumer.name}@{consumer.epoch + 1}"
        delivery = msgspec.structs.replace(delivery, consumer=epoch, attempt=1, alone=False)
        handlers = self._registry.subscribers[consumer.service, delivery.metadata.type]
        unit = self._units.unit(delivery, Lease(epoch, delivery.lane, 0))
        try:
            message = self._voice.envelopes.unwrap(
                handlers[0].message, delivery.metadata, delivery.body, own=delivery.own
            )
            async with asyncio.timeout(handlers[0].timeout):
                calls = await run_subscribers(
                    self._bus, self._voice, handlers, message, delivery.metadata, unit, shut=True
                )
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is this event's failure
            await unit.undo()
            self.report.failed += 1
            if len(self.report.failures) < KEPT:
                self.report.failures.append((delivery.position, f"{type(error).__name__}: {error}"))
            return
        waiting = unit.finish(Done(), ())
        if waiting is not None:
            await waiting
        self.report.handled += 1
        self.report.said.update(said for call in calls for said in call.silenced)


def subscription_of(consumers: Sequence[Consumer], name: str) -> Consumer:
    """The subscription of this name, as `service<log`.

    Raises:
        RegistrationError: there is none, or it is an inbox.
    """
    for consumer in consumers:
        if consumer.name == name and consumer.kind == "inbox":
            text = (
                f"{name} is the inbox of a service: commands are never replayed. To try dead ones again, redrive them."
            )
            raise RegistrationError(text)
        if consumer.name == name:
            return consumer
    known = ", ".join(sorted(consumer.name for consumer in consumers if consumer.kind == "subscription"))
    text = f"this app has no subscription {name!r}; it has {known or 'none'}."
    raise RegistrationError(text)


def remembering(store: object) -> History:
    """The store, if it remembers events.

    Raises:
        NotSupportedError: it does not.
    """
    if not hasattr(store, "history") or not hasattr(store, "cursors"):
        text = f"{type(store).__name__} keeps no log of events that could be replayed."
        raise NotSupportedError(text)
    return store  # type: ignore[return-value]  # it has what the protocol names


async def _refuse_asking(envelope: Envelope) -> Outcome:
    text = f"a replay executes no commands ({envelope.metadata.type})"
    raise WorkflowError(text)
