"""Call: one run of one handler, and the ports bound to it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from tense.dispatch.answers import Answering
from tense.dispatch.envelopes import Envelopes
from tense.dispatch.handler import Handler
from tense.errors import WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.outcome import Outcome
from tense.ports.store import Unit
from tense.rules.children import child_deadline, child_id

Ask: TypeAlias = Callable[[Envelope], Awaitable[Outcome]]
"""Sends a command durably and waits for its outcome."""


class Voice:
    """What handlers speak with: shared by all calls of one app."""

    __slots__ = ("answering", "ask", "envelopes", "listeners")

    def __init__(
        self, envelopes: Envelopes, answering: Answering, ask: Ask, listeners: frozenset[tuple[str, str]]
    ) -> None:
        self.envelopes = envelopes
        self.answering = answering
        self.ask = ask
        self.listeners = listeners


class Call(msgspec.Struct, eq=False, gc=False):
    """One run of one handler. `outgoing` leaves with its unit of work; `silenced` is what shut ports recorded."""

    voice: Voice
    handler: Handler
    metadata: Metadata
    unit: Unit
    shut: bool = False
    over: bool = False
    children: int = 0
    outgoing: list[Envelope] = []
    silenced: list[str] = []

    def refuse(self, port: str, message: Any, allowed: tuple[type, ...]) -> None:
        """Refuse what this call may not say (any more)."""
        if self.over:
            text = f"{port} of {self.handler.name} was used after the handler ended; its unit of work is over."
            raise WorkflowError(text)
        if type(message) not in allowed:
            names = " | ".join(cls.__name__ for cls in allowed)
            text = (
                f"{self.handler.name} says {type(message).__name__}, but its signature declares {port}[{names}]. "
                "A handler can say only what its signature says."
            )
            raise WorkflowError(text)


class BoundPublish:
    """Publish, bound to one call."""

    __slots__ = ("_allowed", "_call")

    def __init__(self, call: Call, allowed: tuple[type, ...]) -> None:
        self._call = call
        self._allowed = allowed

    def __call__(self, event: Any, /) -> None:
        call = self._call
        if call.over or type(event) not in self._allowed:
            call.refuse("Publish", event, self._allowed)
        envelope = call.voice.envelopes.wrap(event, source=call.handler.service, parent=call.metadata)
        if call.shut:
            call.silenced.append(f"publish {envelope.metadata.type}")
            return
        call.outgoing.append(envelope)


class BoundSend:
    """Send, bound to one call."""

    __slots__ = ("_allowed", "_call")

    def __init__(self, call: Call, allowed: tuple[type, ...]) -> None:
        self._call = call
        self._allowed = allowed

    def __call__(
        self,
        command: Any,
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the field's name everywhere
    ) -> str:
        call = self._call
        call.refuse("Send", command, self._allowed)
        voice = call.voice
        service = call.handler.service
        name = voice.envelopes.declaration(type(command)).name
        envelope = voice.envelopes.wrap(
            command,
            message_id=id,
            source=service,
            due=voice.envelopes.due(after, at),
            replyto=service if (service, name) in voice.listeners else None,
            parent=call.metadata,
        )
        if call.shut:
            call.silenced.append(f"send {name}")
        else:
            call.outgoing.append(envelope)
        return envelope.metadata.id


class BoundExecute:
    """Execute, bound to one call."""

    __slots__ = ("_allowed", "_call")

    def __init__(self, call: Call, allowed: tuple[type, ...]) -> None:
        self._call = call
        self._allowed = allowed

    async def __call__(self, command: Any, /) -> Any:
        return self._call.voice.answering.result(*await self._asked(command))

    async def outcome(self, command: Any, /) -> Any:
        """The result or the rejection as a value."""
        return self._call.voice.answering.answer(*await self._asked(command))

    async def _asked(self, command: Any) -> tuple[type, str, str, Outcome]:
        """What was asked, and how it ended."""
        call = self._call
        call.refuse("Execute", command, self._allowed)
        envelope = self._child(command)
        if call.shut:
            call.silenced.append(f"execute {envelope.metadata.type}")
            text = f"a replay executes no commands; {call.handler.name} wanted {envelope.metadata.type}"
            raise WorkflowError(text)
        outcome = await call.voice.ask(envelope)
        return type(command), envelope.metadata.id, envelope.metadata.type, outcome

    def _child(self, command: Any) -> Envelope:
        call = self._call
        voice = call.voice
        name = voice.envelopes.declaration(type(command)).name
        if call.unit.begun:
            text = (
                f"{call.handler.name} executes {name} after it used its Transaction. Who waits for another service must hold "
                "nothing: execute first, then write."
            )
            raise WorkflowError(text)
        ordinal = call.children
        call.children += 1
        now = voice.envelopes.clock.now()
        return voice.envelopes.wrap(
            command,
            message_id=child_id(call.metadata.id, ordinal, name),
            source=call.handler.service,
            deadline=child_deadline(now, None, call.metadata.deadline, call.handler.timeout),
            parent=call.metadata,
        )
