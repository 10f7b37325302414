"""Work: one delivery from its bytes to its settlement."""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from typing import Any

import msgspec

from tense.dispatch.bus import Bus, run_command, run_subscribers
from tense.dispatch.call import Call, Voice
from tense.dispatch.handler import Handler
from tense.dispatch.registry import Registry
from tense.errors import DuplicateIdError, LeaseLostError, RefusedWriteError, StoreError, UndecodableError
from tense.messages.envelope import Envelope, service_of
from tense.messages.outcome import Outcome
from tense.messages.rejection import Rejection
from tense.messages.settlement import Buried, Done, Settlement
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease
from tense.ports.store import Unit
from tense.rules.retry import Retry
from tense.rules.settle import (
    OnFailure,
    Trouble,
    bury,
    settle_crashed,
    settle_expired,
    settle_failure,
    settle_unknown,
)
from tense.runtime.heard import KIND as HEARD
from tense.runtime.heard import Hearing
from tense.runtime.joined import OpensUnits
from tense.runtime.watchdog import Watchdog

log = logging.getLogger("tense")

Decided = tuple[Settlement, Sequence[Envelope]]


class Work:
    """Runs deliveries of the services of one app on one store."""

    def __init__(
        self, registry: Registry, bus: Bus, voice: Voice, hearing: Hearing, units: OpensUnits, watchdog: Watchdog
    ) -> None:
        self._registry = registry
        self._bus = bus
        self._voice = voice
        self._hearing = hearing
        self._units = units
        self._watchdog = watchdog
        self._clock: Clock = voice.envelopes.clock
        self._chance: Chance = voice.envelopes.chance

    async def perform(self, delivery: Delivery, lease: Lease, service: str) -> Settlement | None:
        """Run one delivery and settle it. None when the lane was lost: what was done is undone, another has it.

        Raises:
            asyncio.CancelledError: this worker is told to stop; what was done is undone.
        """
        unit = self._units.unit(delivery, lease)
        handlers = self._handlers(delivery, service)
        settlement, message = self._prepare(delivery, handlers)
        if settlement is not None:
            return await self._settle(delivery, unit, settlement, ())
        try:
            settlement, outgoing = await self._run(handlers, message, delivery, (unit, lease))
        except asyncio.CancelledError:
            await unit.undo()
            raise
        except LeaseLostError:
            log.warning("%s lost its lane while it ran; another worker has it", _named(delivery))
            return None
        return await self._settle(delivery, unit, settlement, outgoing)

    def policy(self, delivery: Delivery, service: str) -> tuple[Retry, OnFailure]:
        """The retry policy and failure rule that apply to a delivery."""
        handlers = self._handlers(delivery, service)
        return (handlers[0].retry, handlers[0].on_failure) if handlers else (Retry(), "park")

    async def _settle(
        self, delivery: Delivery, unit: Unit, settlement: Settlement, outgoing: Sequence[Envelope]
    ) -> Settlement | None:
        outcome = settlement.outcome if isinstance(settlement, (Done, Buried)) else None
        if outcome is not None and (told := self._hearing.tell(delivery, outcome)) is not None:
            outgoing = [*outgoing, told]
        try:
            waiting = unit.finish(settlement, outgoing)
            if waiting is not None:
                await waiting
        except LeaseLostError:
            log.warning("%s lost its lane; another worker has it", _named(delivery))
            return None
        except Exception as error:
            refused = isinstance(error, (DuplicateIdError, RefusedWriteError))
            if isinstance(error, StoreError) and not refused:
                log.warning("%s could not be settled and will run again: %s", _named(delivery), error)
                return None
            await unit.undo()
            if not isinstance(settlement, Done):
                raise
            failure = (error.__cause__ or error) if isinstance(error, RefusedWriteError) else error
            return await self._settle(delivery, unit, self._failed(delivery, failure, *self._fallback(delivery)), ())
        return settlement

    def _prepare(self, delivery: Delivery, handlers: Sequence[Handler]) -> tuple[Settlement | None, Any]:
        """How it ends without being run, or the message to run."""
        if delivery.ended is not None:
            return delivery.ended, None
        metadata = delivery.metadata
        now = self._clock.now()
        if metadata.kind == "command" and (expired := settle_expired(metadata, now)) is not None:
            return expired, None
        if metadata.kind == "broken":
            return bury(metadata, "undecodable", Trouble(error="its headers are not such a message's"), None), None
        newer = bool(handlers) and metadata.dataversion > handlers[0].declaration.version
        if not handlers or (newer and metadata.kind == "command"):
            return self._unknown(delivery, newer=newer), None
        policy, on_failure = handlers[0].retry, handlers[0].on_failure
        if (crashed := settle_crashed(metadata, delivery.attempt, policy, on_failure)) is not None:
            log.error("%s is given up: its worker died with it too often", _named(delivery))
            return crashed, None
        try:
            return None, self._message(handlers[0], delivery)
        except UndecodableError as error:
            if newer:
                return self._unknown(delivery, newer=True), None
            log.error("%s is undecodable: %s", _named(delivery), error)  # noqa: TRY400 - the bytes are at fault, not the code
            return bury(metadata, "undecodable", Trouble(error=str(error)), metadata.partitionkey), None

    async def _run(
        self, handlers: Sequence[Handler], message: Any, delivery: Delivery, held: tuple[Unit, Lease]
    ) -> Decided:
        unit, lease = held
        task = asyncio.current_task()
        assert task is not None
        watch = self._watchdog.begin(task, lease, handlers[0].timeout)
        try:
            if delivery.metadata.kind == "command":
                call = Call(self._voice, handlers[0], self._seen(delivery), unit)
                answering = self._voice.answering
                outcome: Outcome = await run_command(self._bus, answering, handlers[0], message, call)
                return Done(outcome), call.outgoing
            return await self._subscribers(handlers, message, delivery, unit)
        except BaseException as caught:
            error: BaseException = caught
            if isinstance(caught, asyncio.CancelledError) and task.cancelling():
                if not watch.overdue and not watch.lost and unit.revoked is None:
                    raise
                task.uncancel()
                error = (
                    LeaseLostError(lease.consumer)
                    if watch.lost
                    else TimeoutError(unit.revoked or f"still running after its limit of {handlers[0].timeout:g} s")
                )
            await unit.undo()
            if isinstance(error, LeaseLostError):
                raise error from None
            return self._failed(delivery, error, handlers[0].retry, handlers[0].on_failure), ()
        finally:
            self._watchdog.end(watch)

    async def _subscribers(self, handlers: Sequence[Handler], message: Any, delivery: Delivery, unit: Unit) -> Decided:
        calls = await run_subscribers(self._bus, self._voice, handlers, message, self._seen(delivery), unit)
        return Done(), [envelope for call in calls for envelope in call.outgoing]

    def _handlers(self, delivery: Delivery, service: str) -> tuple[Handler, ...]:
        metadata = delivery.metadata
        if metadata.kind == "event":
            return self._registry.subscribers.get((service, metadata.type), ())
        if metadata.kind == HEARD:
            listener = self._registry.listeners.get((service, metadata.type))
            return (listener,) if listener else ()
        handler = self._registry.commands.get(metadata.type)
        return (handler,) if handler is not None and handler.service == service else ()

    def _message(self, handler: Handler, delivery: Delivery) -> Any:
        if delivery.metadata.kind == HEARD:
            return self._hearing.read(handler.message, delivery)
        envelopes = self._voice.envelopes
        return envelopes.unwrap(handler.message, delivery.metadata, delivery.body, own=delivery.own)

    def _seen(self, delivery: Delivery) -> Any:
        if delivery.attempt == delivery.metadata.attempt:
            return delivery.metadata
        return msgspec.structs.replace(delivery.metadata, attempt=delivery.attempt)

    def _unknown(self, delivery: Delivery, *, newer: bool) -> Settlement:
        metadata = delivery.metadata
        what = f"version {metadata.dataversion} of {metadata.type}" if newer else f"the type {metadata.type}"
        text = f"this instance does not know {what}; a newer one may"
        log.warning("%s: %s", _named(delivery), text)
        return settle_unknown(metadata, delivery.attempt, text, now=self._clock.now(), chance=self._chance.random())

    def _failed(self, delivery: Delivery, error: BaseException, policy: Retry, on_failure: OnFailure) -> Settlement:
        trouble = described(error)
        settlement = settle_failure(
            delivery.metadata,
            delivery.attempt,
            error,
            trouble,
            policy=policy,
            on_failure=on_failure,
            now=self._clock.now(),
            chance=self._chance.random(),
        )
        if isinstance(settlement, Buried):
            log.error("%s is given up (%s): %s", _named(delivery), settlement.reason, settlement.error)
        else:
            log.warning("%s failed at attempt %d: %s", _named(delivery), delivery.attempt, trouble.error)
        return settlement

    def _fallback(self, delivery: Delivery) -> tuple[Retry, OnFailure]:
        return self.policy(delivery, service_of(delivery.consumer))


def described(error: BaseException) -> Trouble:
    """A failure as it is written down."""
    if isinstance(error, Rejection):
        text = f"refused with {error!r}, which the command does not declare"
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Trouble(error=text, traceback="".join(traceback.format_exception(error)))


def _named(delivery: Delivery) -> str:
    return f"{delivery.metadata.type} {delivery.metadata.id} for {delivery.consumer}"
