"""Client: execute, outcome, send, publish, from outside of a handler."""

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import CoroutineType
from typing import Any, NoReturn, TypeAlias

from typing_extensions import TypeVar

from tense.dispatch.answers import Answering
from tense.dispatch.envelopes import Envelopes
from tense.errors import ForeignMessageError, NotAMessageError, OutcomeUnknown, TenseWarning
from tense.messages.envelope import Envelope
from tense.messages.kinds import CommandType, IsCommand, IsEvent
from tense.messages.outcome import Cancelled, Outcome
from tense.ports.records import Standing
from tense.ports.store import Soon, Store, Tell
from tense.runtime.deadlines import Deadlines
from tense.runtime.gate import Gate
from tense.runtime.ticket import Ticket

R = TypeVar("R")
X = TypeVar("X")
C = TypeVar("C")

Read: TypeAlias = Callable[[type, str, str, Outcome], Any]
"""What is made of a command's class, id, wire name and outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The app a client belongs to: the services it has, those running in this process, and how to run one."""

    services: frozenset[str]
    running: frozenset[str]
    run_line: Callable[[str], str]
    max_backlog: int | None = None


class Client:
    """Sends commands and publishes events. Made by `app.running()` and `app.client()`; open as long as these."""

    def __init__(self, store: Store, envelopes: Envelopes, answering: Answering, tell: Tell, home: Home) -> None:
        self._store = store
        self._envelopes = envelopes
        self._answering = answering
        self._result = answering.result
        self._tell = tell
        self._home = home
        self._known: set[str] = set(home.running)
        self.deadlines = Deadlines(envelopes.clock)
        self._gate = Gate(store, envelopes.clock, home.max_backlog)

    async def execute(self, command: IsCommand[R, X], /, *, timeout: float = 30.0, id: str | None = None) -> R:  # noqa: A002 - the field's name everywhere
        """Send a command and give its result, waiting at most `timeout` seconds; nobody starts it later than that.

        Raises:
            Rejection: it was refused.
            NoAnswer: it failed, expired or was cancelled.
            OutcomeUnknown: time ran out; it may still run.
            DuplicateIdError: the id was used before with another body.
            StoreError: it was not accepted.
        """
        found = self._execute(command, timeout, id, self._result)
        result: R = await found if type(found) is CoroutineType else found
        return result

    async def outcome(self, command: IsCommand[R, X], /, *, timeout: float = 30.0, id: str | None = None) -> R | X:  # noqa: A002 - as above
        """As `execute`, but a rejection is given as a value."""
        found = self._execute(command, timeout, id, self._answering.answer)
        outcome: R | X = await found if type(found) is CoroutineType else found
        return outcome

    async def send(
        self,
        command: IsCommand[R, X],
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - as above
    ) -> Ticket[R, X]:
        """Return a ticket once the command is durably accepted; `after` or `at` keep it from being handled before.

        Raises:
            DuplicateIdError: the id was used before with another body.
            Busy: the service has more waiting than `App(max_backlog=)` allows.
            StoreError: it was not accepted.
        """
        due = self._envelopes.due(after, at)
        envelope = self._envelopes.wrap(command, message_id=id, due=due)
        if envelope.metadata.kind != "command":
            _refuse_event(envelope)
        await self._let_in(envelope.service, depth=4)
        await self._accept(envelope)
        return Ticket(self, type(command), envelope.metadata.id)

    def ticket(self, command: CommandType[C, R, X], id: str, /) -> Ticket[R, X]:  # noqa: A002 - as above
        """A claim on the outcome of a command that was sent before, from any process."""
        cls: Any = command
        self._envelopes.declaration(cls)
        return Ticket(self, cls, id)

    async def publish(self, event: IsEvent, /, *, id: str | None = None) -> None:  # noqa: A002 - as above
        """Publish an event of a service that this app runs; return once it is durably accepted.

        Raises:
            ForeignMessageError: none of this app's services owns it.
            DuplicateIdError: the id was used before with another body.
            StoreError: it was not accepted.
        """
        declaration = self._envelopes.declaration(type(event))
        if declaration.kind != "event":
            text = f"{declaration.name} is a command: send or execute it."
            raise NotAMessageError(text)
        if declaration.owner.name not in self._home.services:
            text = (
                f"this app does not run {declaration.owner}, which owns {declaration.name} ({declaration.place}). "
                f"Only the owner says that it happened; send {declaration.owner} a command instead."
            )
            raise ForeignMessageError(text)
        await self._accept(self._envelopes.wrap(event, message_id=id, source=declaration.owner.name))

    # For tickets and the Execute port

    async def ask(self, envelope: Envelope) -> Outcome:
        """Send a command and wait for its outcome until its deadline; as long as it takes if it has none.

        Raises:
            OutcomeUnknown: the deadline passed and the outcome is not known.
        """
        deadline = envelope.metadata.deadline
        wait = 3600.0 if deadline is None else max(0.0, deadline - self._envelopes.clock.now()) + GRACE
        return await self._outcome_of(envelope, wait, None)

    async def answer(self, command: type, message_id: str, timeout: float) -> Any:
        """What a ticket gives: the result or rejection of a command sent before."""
        name = self._envelopes.declaration(command).name
        outcome = await self._await_outcome(self._store.watch(message_id), message_id, name, timeout)
        return self._answering.answer(command, message_id, name, outcome)

    async def standing(self, message_id: str) -> Standing | None:
        """Where a command stands."""
        found = self._store.standing(message_id)
        return await found if isinstance(found, asyncio.Future) else found

    async def cancel(self, message_id: str) -> bool:
        """End a command that is not started."""
        return await self._store.cancel(message_id, Cancelled("by its sender"), self._tell)

    def _execute(self, command: Any, timeout: float, message_id: str | None, read: Read) -> Any:
        """What is read of a command's outcome, where that is known at once; else a coroutine that gives it."""
        envelope = self._envelopes.wrap(command, message_id=message_id, timeout=timeout)
        if envelope.metadata.kind != "command":
            _refuse_event(envelope)
        if not self._gate.open or envelope.service not in self._known:
            return self._execute_on(read, command, envelope, timeout, None)
        metadata, store = envelope.metadata, self._store
        waiting, outcome = store.accept(envelope), store.watch(metadata.id)
        if isinstance(outcome, asyncio.Future):
            return self._execute_on(read, command, envelope, timeout, (waiting, outcome))
        return read(type(command), metadata.id, metadata.type, outcome)

    async def _execute_on(
        self,
        read: Read,
        command: Any,
        envelope: Envelope,
        timeout: float,
        accepted: "tuple[Soon[bool], Soon[Outcome]] | None",
    ) -> Any:
        if accepted is None:
            await self._let_in(envelope.service, depth=5)
        outcome = await self._outcome_of(envelope, timeout, accepted)
        return read(type(command), envelope.metadata.id, envelope.metadata.type, outcome)

    async def _let_in(self, service: str, *, depth: int) -> None:
        """Let a command through to a service. `depth` is how far above the warning whoever sends it stands."""
        if service not in self._known:
            await self._warn_if_never_run(service, depth)
        if not self._gate.open:
            await self._gate.check(service)

    async def _outcome_of(
        self, envelope: Envelope, timeout: float, accepted: "tuple[Soon[bool], Soon[Outcome]] | None"
    ) -> Outcome:
        """How a command ends; it is sent here unless it was already."""
        waiting, watched = accepted or (self._store.accept(envelope), self._store.watch(envelope.metadata.id))
        if isinstance(waiting, asyncio.Future):
            try:
                await waiting
            except BaseException:
                if isinstance(watched, asyncio.Future):
                    watched.cancel()
                raise
        return await self._await_outcome(watched, envelope.metadata.id, envelope.metadata.type, timeout)

    async def _await_outcome(self, watched: "Soon[Outcome]", message_id: str, name: str, timeout: float) -> Outcome:
        if not isinstance(watched, asyncio.Future):
            return watched
        if watched.done():
            return watched.result()
        self.deadlines.add(watched, timeout)
        try:
            return await watched
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise OutcomeUnknown(message_id, name, timeout) from None
        finally:
            self.deadlines.remove(watched, timeout)
            watched.cancel()

    async def _accept(self, envelope: Envelope) -> None:
        waiting = self._store.accept(envelope)
        if isinstance(waiting, asyncio.Future):
            await waiting

    async def _warn_if_never_run(self, service: str, depth: int) -> None:
        self._known.add(service)
        if await self._store.known(service):
            return
        text = (
            f"nobody has ever run {service!r} on this store, so the command waits until somebody does. "
            f"Run it with:  {self._home.run_line(service)}"
        )
        warnings.warn(text, TenseWarning, stacklevel=depth)


def _refuse_event(envelope: Envelope) -> NoReturn:
    text = f"{envelope.metadata.type} is an event: publish it."
    raise NotAMessageError(text)


GRACE = 1.0
"""Seconds beyond a child's deadline that its parent waits for the news of how it ended."""
