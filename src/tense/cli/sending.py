"""Sending: many messages on their way at once, in order, with what was refused told by line."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tense.cli.answers import Answer, show_answer
from tense.cli.bodies import Bodies, Progress
from tense.cli.paper import complain
from tense.errors import DuplicateIdError, MessageTooLargeError, TenseError, UndecodableError

if TYPE_CHECKING:
    from tense.runtime.app import App
    from tense.runtime.client import Client

WINDOW = 256
"""How many are on their way at once: they share commits."""

REFUSALS = (UndecodableError, MessageTooLargeError, DuplicateIdError)
"""What is wrong with one message and says nothing of the next."""


One: TypeAlias = Callable[["Client", bytes, str | None], Coroutine[Any, Any, Answer]]
"""Sends one body under an id, or under one of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is sent on behalf of which app: `doing` says it in a progress bar."""

    app: "App"
    doing: str
    one: One
    message_id: str | None = None
    as_json: bool = False

    def id_of(self, number: int, *, single: bool) -> str | None:
        """The id of one body: as given; of one line among many with its number."""
        return self.message_id if self.message_id is None or single else f"{self.message_id}-{number}"


class Tally:
    """Counts what went and prints each answer in the order of the lines."""

    def __init__(self, sending: Sending, bodies: Bodies, progress: Progress) -> None:
        self.accepted = 0
        self.failed = 0
        self._single = bodies.single
        self.progress = progress
        self._as_json = sending.as_json

    async def take(self, number: int, going: "asyncio.Task[Answer]") -> None:
        """Wait for one and print it. What is wrong with this one alone is told and counted."""
        try:
            answer = await going
        except REFUSALS as error:
            if self._single:
                raise
            self.failed += 1
            complain(f"line {number}: {error}")
            return
        self.accepted += 1
        self.failed += not answer.succeeded
        self.progress.done(self.accepted)
        show_answer(answer, as_json=self._as_json)


async def send_all(sending: Sending, bodies: Bodies, address: str) -> int:
    """Send every body; the exit status. Those accepted stay accepted, whatever happens to the others."""
    async with sending.app.client(store=address) as client:
        with Progress(sending.doing, shown=not bodies.single) as progress:
            tally = Tally(sending, bodies, progress)
            try:
                await _stream(sending, client, bodies, tally)
            except TenseError as error:
                if not tally.accepted:
                    raise
                text = f"stopped after {tally.accepted:,} accepted: {error}"
                raise TenseError(text) from error
    if tally.failed and not bodies.single:
        complain(f"{tally.accepted:,} accepted, {tally.failed:,} not as they should be.")
    return 1 if tally.failed else 0


async def _stream(sending: Sending, client: "Client", bodies: Bodies, tally: Tally) -> None:
    going: deque[tuple[int, asyncio.Task[Answer]]] = deque()
    try:
        async for number, body in bodies.read(tally.progress):
            own_id = sending.id_of(number, single=bodies.single)
            going.append((number, asyncio.create_task(sending.one(client, body, own_id))))
            # The first goes alone: it finds out whether anything works at all.
            while going and (number == 1 or len(going) >= WINDOW or going[0][1].done()):
                await tally.take(*going.popleft())
        while going:
            await tally.take(*going.popleft())
    finally:
        for _, task in going:
            task.cancel()
