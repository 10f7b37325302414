"""Scenario: given what happened, when this is asked, then that is said. For plain functions; it runs its own loop."""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import timedelta
from typing import Any

from typing_extensions import TypeVar

from tense.adapters.stores.memory.store import MemoryStore
from tense.dispatch.envelopes import Envelopes
from tense.errors import NoAnswer
from tense.messages.declaration import declaration_of
from tense.messages.envelope import Envelope
from tense.runtime.app import App
from tense.runtime.load import open_store
from tense.testing.chance import SeededChance
from tense.testing.difference import difference
from tense.testing.harness import Harness, harness

T = TypeVar("T")

NOT_ASKED: Any = object()
"""What `then` was not asked to compare."""


class ScenarioClock:
    """The clock of a scenario: it stands still until it is wound."""

    def __init__(self, scenario: "Scenario") -> None:
        self._scenario = scenario

    def now(self) -> float:
        """Seconds since the epoch, as wound."""
        return self._scenario.harness.clock.now()

    def advance(self, span: float | timedelta) -> None:
        """Move the time on by seconds or a timedelta; what falls due is handled, retries and timers included."""
        self._scenario.do(self._scenario.harness.later(span))


class Scenario:
    """An app in memory: `given(event, ...)`, `when(command)`, `then(outcome=..., published=[...], sent=[...])`.

    `then` speaks of everything since the last `when`, what the clock brought included. Made by `scenario(app)`.
    """

    def __init__(self, app: App, store: MemoryStore, runner: asyncio.Runner, running: Harness) -> None:
        self.app = app
        self.harness = running
        self.clock = ScenarioClock(self)
        self._store = store
        self._runner = runner
        clock = running.clock
        self._envelopes = Envelopes(app.codec, clock, SeededChance(1), app.max_body)
        self._before: set[str] = set()
        self._outcome: Any = None

    def given(self, *messages: Any) -> "Scenario":
        """Let these events have happened and these commands be done, one after the other; `then` leaves them out."""
        for message in messages:
            self.do(self._bring(message))
        self._before = self._known()
        return self

    def when(self, message: Any) -> "Scenario":
        """Execute a command, or let an event happen, and run everything that follows from it now."""
        self._before = self._known()
        self._outcome = self.do(self._bring(message))
        return self

    def then(
        self, *, outcome: Any = NOT_ASKED, published: Sequence[Any] | None = None, sent: Sequence[Any] | None = None
    ) -> "Scenario":
        """Compare: the outcome (a result, a rejection, or the class of a `NoAnswer`), the events, the commands sent.

        Raises:
            AssertionError: something differs; the text shows what.
        """
        texts = []
        if outcome is not NOT_ASKED:
            texts += difference("outcome", [outcome], [self._outcome])
        if published is not None:
            texts += difference("published", published, self._said("event"))
        if sent is not None:
            texts += difference("sent", sent, self._said("command"))
        if texts:
            raise AssertionError("\n" + "\n".join(texts))
        return self

    @property
    def published(self) -> Sequence[Any]:
        """The events since the last `when`, in order."""
        return self._said("event")

    @property
    def sent(self) -> Sequence[Any]:
        """The commands since the last `when`, in order: sent, or executed by a handler."""
        return self._said("command")

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the scenario's loop."""
        return self._runner.run(work)

    async def _bring(self, message: Any) -> Any:
        declaration = declaration_of(type(message))
        outcome = None
        if declaration.kind == "event":
            # An event of a service that is not part of this app is told as well: a subscriber is tested alone.
            self._store.accept(self._envelopes.wrap(message, source=declaration.owner.name))
        else:
            try:
                self._before.add(message_id := self._envelopes.chance.new_id())
                outcome = await self.harness.until(self.harness.client.outcome(message, id=message_id))
            except NoAnswer as error:
                outcome = error
        await self.harness.idle()
        return outcome

    def _known(self) -> set[str]:
        return {*self._store.state.commands, *self._store.state.events}

    def _said(self, kind: str) -> list[Any]:
        state = self._store.state
        items = [*(state.events if kind == "event" else state.commands).values()]
        said = [item.envelope for item in items if item.envelope.metadata.kind == kind]
        return [self._message(envelope) for envelope in said if envelope.metadata.id not in self._before]

    def _message(self, envelope: Envelope) -> Any:
        metadata = envelope.metadata
        cls = self.app.registry.messages[metadata.type]
        return self._envelopes.unwrap(cls, metadata, envelope.body, own=True)


@contextmanager
def scenario(app: App, *, seed: int = 0) -> Iterator[Scenario]:
    """An app in memory for the length of a `with` block, and what is given, asked and compared there."""
    store = open_store("memory:")
    assert isinstance(store, MemoryStore)
    with asyncio.Runner() as runner:
        running: AbstractAsyncContextManager[Harness] = harness(app, store=store, seed=seed)
        opened = runner.run(_enter(running))
        try:
            yield Scenario(app, store, runner, opened)
        finally:
            runner.run(_leave(running))


async def _enter(running: AbstractAsyncContextManager[Harness]) -> Harness:
    return await running.__aenter__()


async def _leave(running: AbstractAsyncContextManager[Harness]) -> None:
    await running.__aexit__(None, None, None)
