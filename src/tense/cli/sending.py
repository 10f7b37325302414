"""Sending: many messages on their way at once, in order, with what was refused told by line."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tense.cli.answers import Answer, show_answer
from tense.cli.bodies import Bodies, Progress
from tense.cli.paper import complain, paint
from tense.errors import DuplicateIdError, MessageTooLargeError, TenseError, UndecodableError

if TYPE_CHECKING:
    from tense.runtime.app import App
    from tense.runtime.client import Client

WINDOW = 256
"""How many are on their way at once: they share commits."""

REFUSALS = (UndecodableError, MessageTooLargeError, DuplicateIdError)
"""What is wrong with one message and says nothing of the next."""


Queue: TypeAlias = "asyncio.Queue[tuple[int, asyncio.Task[Answer]] | None]"

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
        self.quiet = progress.shown and sys.stdout.isatty() and not sending.as_json

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
        # Whoever watches the bar would only see thousands of ids fly by; a pipe or a file gets each.
        if not (self.quiet and answer.state in {"accepted", "published"}):
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
    if tally.quiet:
        print(f"{paint('accepted', 'cyan')} {tally.accepted:,}")
    if tally.failed and not bodies.single:
        complain(f"{tally.accepted:,} accepted, {tally.failed:,} not as they should be.")
    return 1 if tally.failed else 0


async def _stream(sending: Sending, client: "Client", bodies: Bodies, tally: Tally) -> None:
    """Read and send on one side, tell on the other: what was accepted is told though no further line has come."""
    queue: Queue = asyncio.Queue(WINDOW)
    sides = (
        asyncio.create_task(_send_each(sending, client, bodies, (tally.progress, queue))),
        asyncio.create_task(_tell_each(tally, queue)),
    )
    try:
        done, _ = await asyncio.wait(sides, return_when=asyncio.FIRST_EXCEPTION)
        for side in done:
            side.result()
    finally:
        for side in sides:
            side.cancel()
        while not queue.empty():
            if (left := queue.get_nowait()) is not None:
                left[1].cancel()


async def _send_each(sending: Sending, client: "Client", bodies: Bodies, onward: tuple[Progress, Queue]) -> None:
    progress, queue = onward
    async for number, body in bodies.read(progress):
        own_id = sending.id_of(number, single=bodies.single)
        going = asyncio.create_task(sending.one(client, body, own_id))
        if number == 1:
            # The first goes alone: it finds out whether anything works at all.
            await asyncio.wait([going])
        await queue.put((number, going))
    await queue.put(None)


async def _tell_each(tally: Tally, queue: Queue) -> None:
    while (next_one := await queue.get()) is not None:
        await tally.take(*next_one)
