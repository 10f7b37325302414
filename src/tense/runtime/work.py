"""Work: one delivery from its bytes to its settlement."""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from typing import Any

import msgspec

from tense.dispatch.bus import Bus, run_subscribers, withdrawn
from tense.dispatch.call import Call, Voice
from tense.dispatch.context import handling as current
from tense.dispatch.handler import Handler
from tense.dispatch.registry import Registry
from tense.errors import DuplicateIdError, LeaseLostError, RefusedWriteError, StoreError, UndecodableError
from tense.messages.envelope import Envelope, service_of
from tense.messages.metadata import Metadata
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
from tense.runtime.runner import Runner
from tense.runtime.watchdog import Watchdog

log = logging.getLogger("tense")


class Work:
    """Runs deliveries of the services of one app on one store."""

    def __init__(
        self, registry: Registry, bus: Bus, voice: Voice, hearing: Hearing, units: OpensUnits, watchdog: Watchdog
    ) -> None:
        self._registry = registry
        self._commands = {name: (handler,) for name, handler in registry.commands.items()}
        self._bus = bus
        self._voice = voice
        self._hearing = hearing
        self._units = units
        self._watchdog = watchdog
        self._clock: Clock = voice.envelopes.clock
        self._chance: Chance = voice.envelopes.chance
        self._decode = voice.envelopes.codec.decode
        self._outcome = voice.answering.outcome

    async def perform(self, delivery: Delivery, lease: Lease, service: str, runner: Runner) -> Settlement | None:
        """Run one delivery and settle it, in the task of `runner`; None when the lane was lost: another has it.

        Raises CancelledError when this worker is told to stop; what was done is undone.
        """
        unit, handlers = self._units.unit(delivery, lease), self._handlers(delivery, service)
        settlement, message = self._prepare(delivery, handlers)
        outgoing: Sequence[Envelope] = ()
        metadata = delivery.metadata
        if settlement is None:
            handler = handlers[0]
            if delivery.attempt != metadata.attempt:
                metadata = _as_counted(delivery)
            self._watchdog.begin(runner, lease, handler.timeout)
            try:
                if metadata.kind != "command":
                    settlement, outgoing = await self._tell(handlers, message, metadata, unit)
                else:
                    call = Call(self._voice, handler, metadata, unit)
                    token = current.set(metadata)
                    try:
                        returned = await self._bus.run(handler, message, call)
                    except Rejection as rejection:
                        runner.lease = None
                        returned = await withdrawn(call, rejection)
                    finally:
                        call.over = True
                        current.reset(token)
                    settlement, outgoing = Done(self._outcome(handler.message, returned)), call.outgoing
            except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its failure
                settlement = await self._broken(error, handler, delivery, unit, runner)
                if settlement is None:
                    return None
            finally:
                runner.lease = None
        if metadata.replyto is not None:
            outgoing = self._with_news(delivery, settlement, outgoing)
        try:
            if (waiting := unit.finish(settlement, outgoing)) is not None:
                await waiting
        except Exception as error:  # noqa: BLE001 - what it means is decided there
            return await self._unsettled(error, settlement, delivery, unit)
        return settlement

    def policy(self, delivery: Delivery, service: str) -> tuple[Retry, OnFailure]:
        """The retry policy and failure rule that apply to a delivery."""
        handlers = self._handlers(delivery, service)
        return (handlers[0].retry, handlers[0].on_failure) if handlers else (Retry(), "park")

    async def _tell(
        self, handlers: Sequence[Handler], event: Any, metadata: Metadata, unit: Unit
    ) -> tuple[Done, list[Envelope]]:
        calls = await run_subscribers(self._bus, self._voice, handlers, event, metadata, unit)
        return Done(), [envelope for call in calls for envelope in call.outgoing]

    def _with_news(
        self, delivery: Delivery, settlement: Settlement, outgoing: Sequence[Envelope]
    ) -> Sequence[Envelope]:
        """What leaves with a settlement, and with it the news for the sender if the command ended."""
        outcome = settlement.outcome if isinstance(settlement, (Done, Buried)) else None
        told = None if outcome is None else self._hearing.tell(delivery, outcome)
        return outgoing if told is None else [*outgoing, told]

    async def _unsettled(
        self, error: Exception, settlement: Settlement, delivery: Delivery, unit: Unit
    ) -> Settlement | None:
        """What becomes of a delivery that the store refused to settle so."""
        if isinstance(error, LeaseLostError):
            log.warning("%s lost its lane; another worker has it", _named(delivery))
            return None
        refused = isinstance(error, (DuplicateIdError, RefusedWriteError))
        if isinstance(error, StoreError) and not refused:
            log.warning("%s could not be settled and will run again: %s", _named(delivery), error)
            return None
        await unit.undo()
        if not isinstance(settlement, Done):
            raise error
        failure = (error.__cause__ or error) if isinstance(error, RefusedWriteError) else error
        failed = self._failed(delivery, failure, *self.policy(delivery, service_of(delivery.consumer)))
        try:
            waiting = unit.finish(failed, self._with_news(delivery, failed, ()))
            if waiting is not None:
                await waiting
        except Exception as again:  # noqa: BLE001 - as above
            return await self._unsettled(again, failed, delivery, unit)
        return failed

    def _prepare(self, delivery: Delivery, handlers: Sequence[Handler]) -> tuple[Settlement | None, Any]:
        """How it ends without being run, or the message to run."""
        if delivery.ended is not None:
            return delivery.ended, None
        metadata = delivery.metadata
        command = metadata.kind == "command"
        if command and metadata.deadline is not None and (now := self._clock.now()) >= metadata.deadline:
            return settle_expired(metadata, now), None
        if metadata.kind == "broken":
            return bury(metadata, "undecodable", Trouble(error="its headers are not such a message's"), None), None
        newer = bool(handlers) and metadata.dataversion > handlers[0].declaration.version
        if not handlers or (newer and command):
            return self._unknown(delivery, newer=newer), None
        handler = handlers[0]
        if delivery.attempt > 1:
            crashed = settle_crashed(metadata, delivery.attempt, handler.retry, handler.on_failure)
            if crashed is not None:
                log.error("%s is given up: its worker died with it too often", _named(delivery))
                return crashed, None
        try:
            if command and delivery.own and metadata.dataversion == handler.declaration.version:
                return None, self._decode(delivery.body, handler.message, strict=False)
            return None, self._message(handler, delivery)
        except UndecodableError as error:
            if newer:
                return self._unknown(delivery, newer=True), None
            log.error("%s is undecodable: %s", _named(delivery), error)  # noqa: TRY400 - the bytes are at fault, not the code
            return bury(metadata, "undecodable", Trouble(error=str(error)), metadata.partitionkey), None

    async def _broken(
        self, error: BaseException, handler: Handler, delivery: Delivery, unit: Unit, runner: Runner
    ) -> Settlement | None:
        """Undo a run that ended with an error; how it is settled, or None when its lane was lost.

        Raises:
            asyncio.CancelledError: it was not the handler's error, the worker is told to stop.
        """
        # Its time is no longer counted: cancelled while it undoes, it would be settled by nobody.
        runner.lease = None
        overdue, lost = runner.overdue, runner.lost
        runner.overdue = runner.lost = False
        if isinstance(error, asyncio.CancelledError) and runner.task.cancelling():
            if runner.stopping and not overdue and not lost and unit.revoked is None:
                await unit.undo()
                raise error
            if overdue or lost or unit.revoked is not None:
                runner.task.uncancel()
                why = unit.revoked or f"still running after its limit of {handler.timeout} s"
                error = LeaseLostError(delivery.consumer) if lost else TimeoutError(why)
        await unit.undo()
        if isinstance(error, LeaseLostError):
            log.warning("%s lost its lane while it ran; another worker has it", _named(delivery))
            return None
        return self._failed(delivery, error, handler.retry, handler.on_failure)

    def _handlers(self, delivery: Delivery, service: str) -> tuple[Handler, ...]:
        metadata = delivery.metadata
        if metadata.kind == "command":
            found = self._commands.get(metadata.type, ())
            return found if found and found[0].service == service else ()
        if metadata.kind == "event":
            return self._registry.subscribers.get((service, metadata.type), ())
        if metadata.kind == HEARD:
            listener = self._registry.listeners.get((service, metadata.type))
            return (listener,) if listener else ()
        return ()

    def _message(self, handler: Handler, delivery: Delivery) -> Any:
        if delivery.metadata.kind == HEARD:
            return self._hearing.read(handler.message, delivery)
        return self._voice.envelopes.unwrap(handler.message, delivery.metadata, delivery.body, own=delivery.own)

    def _unknown(self, delivery: Delivery, *, newer: bool) -> Settlement:
        metadata = delivery.metadata
        what = f"version {metadata.dataversion} of {metadata.type}" if newer else f"the type {metadata.type}"
        text = f"this instance does not know {what}; a newer one may"
        log.warning("%s: %s", _named(delivery), text)
        times = max(delivery.attempt, delivery.released + 1)
        return settle_unknown(metadata, times, text, now=self._clock.now(), chance=self._chance.random())

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


def described(error: BaseException) -> Trouble:
    """A failure as it is written down."""
    if isinstance(error, Rejection):
        text = f"refused with {error!r}, which the command does not declare"
    else:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Trouble(error=text, traceback="".join(traceback.format_exception(error)))


def _as_counted(delivery: Delivery) -> Metadata:
    """What a handler sees: the attempt that it is."""
    return msgspec.structs.replace(delivery.metadata, attempt=delivery.attempt)


def _named(delivery: Delivery) -> str:
    return f"{delivery.metadata.type} {delivery.metadata.id} for {delivery.consumer}"
