"""Hands: gives messages to the transport, each key in order, and waits while the transport is away."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from tense.errors import (
    DuplicateIdError,
    MessageTooLargeError,
    NotSupportedError,
    TenseError,
    UndecodableError,
    UnencodableError,
)
from tense.messages.envelope import Envelope
from tense.messages.settlement import Buried
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery
from tense.ports.store import Soon
from tense.rules.retry import Retry, wait_before
from tense.runtime.relay_parcel import content

log = logging.getLogger("tense")

REFUSALS = (DuplicateIdError, MessageTooLargeError, NotSupportedError, UndecodableError, UnencodableError)
"""What the transport says of a message and would say again."""

PATIENCE = Retry(longest=Retry().first * 20)
"""How the wait for a transport that is away grows, up to 10 seconds. It never ends."""


class Left(TenseError):  # noqa: N818 - no failure: somebody else carries on
    """The lane is this process's no more."""


class Hands:
    """What is accepted once is accepted for good; what is refused for good is told; for anything else there is time."""

    def __init__(self, accept: "Callable[[Envelope], Soon[bool]]", clock: Clock, chance: Chance) -> None:
        self._accept = accept
        self._clock = clock
        self._chance = chance
        self._waiting: set[asyncio.Future[None]] = set()
        self._stopped = False
        self._away = asyncio.Event()

    async def over(self, batch: Sequence[Delivery], goes_on: Callable[[], bool]) -> dict[int, Buried]:
        """Hand a lane's batch over; what was refused, by position.

        Raises:
            Left: `goes_on` said no, or this process stops; those of each key that are through are its first ones.
        """
        refused: dict[int, Buried] = {}
        strands = _by_key(batch)
        tries = 0
        while strands:
            if self._stopped or not goes_on():
                raise Left
            wave = [(name, strand[0]) for name, strand in strands.items()]
            troubles = await self._offer([delivery for _, delivery in wave])
            away: BaseException | None = None
            for (name, delivery), trouble in zip(wave, troubles, strict=True):
                if trouble is not None and not isinstance(trouble, REFUSALS):
                    away = trouble
                    continue
                if trouble is not None:
                    refused[delivery.position] = _refusal(delivery, trouble)
                strands[name].popleft()
                if not strands[name]:
                    del strands[name]
            tries = 0 if away is None else tries + 1
            if away is not None:
                await self._wait(tries, away)
            elif self._away.is_set():
                self._back()
        return refused

    async def unless_away(self, tasks: "Sequence[asyncio.Task[None]]") -> None:
        """Wait for these, or until the transport takes no messages."""
        away = asyncio.ensure_future(self._away.wait())
        whole = asyncio.ensure_future(asyncio.wait(tasks))
        try:
            await asyncio.wait([away, whole], return_when=asyncio.FIRST_COMPLETED)
        finally:
            away.cancel()
            whole.cancel()

    def look(self) -> None:
        """Something changed: whoever waits looks at once whether to go on."""
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    def stop(self) -> None:
        """Begin nothing new, and wait for nothing more."""
        self._stopped = True
        self.look()

    async def _offer(self, deliveries: Sequence[Delivery]) -> list[BaseException | None]:
        """Offer all at once, so that they share the transport's commits; what came of each."""
        waiting: list[asyncio.Future[bool] | BaseException | None] = []
        for delivery in deliveries:
            try:
                answer = self._accept(content(delivery))
            except Exception as error:  # noqa: BLE001 - whatever a transport raises is about this message or its own state
                waiting.append(error)
            else:
                waiting.append(answer if isinstance(answer, asyncio.Future) else None)
        if futures := [each for each in waiting if isinstance(each, asyncio.Future)]:
            await asyncio.wait(futures)
        return [_trouble(each) if isinstance(each, asyncio.Future) else each for each in waiting]

    async def _wait(self, tries: int, error: BaseException) -> None:
        if not self._away.is_set():
            self._away.set()
            log.warning("the transport takes no messages; they wait in the outbox: %s", error)
        if self._stopped:
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(wait_before(PATIENCE, tries, self._chance.random()), lambda: _end(waiting))
        self._waiting.add(waiting)
        try:
            await waiting
        finally:
            timer.cancel()
            self._waiting.discard(waiting)

    def _back(self) -> None:
        self._away.clear()
        log.info("the transport takes messages again")
        self.look()


def _by_key(batch: Sequence[Delivery]) -> dict[str, deque[Delivery]]:
    """What must go one after the other: of each key its messages; those without go by themselves."""
    strands: dict[str, deque[Delivery]] = {}
    for delivery in batch:
        key = delivery.metadata.partitionkey
        name = f"position {delivery.position}" if key is None else f"key {key}"
        strands.setdefault(name, deque()).append(delivery)
    return strands


def _refusal(delivery: Delivery, error: BaseException) -> Buried:
    log.error("%s is refused by the transport: %s", delivery.metadata.id, error)
    return Buried(reason="refused", error=f"{type(error).__name__}: {error}")


def _trouble(done: "asyncio.Future[bool]") -> BaseException | None:
    return asyncio.CancelledError() if done.cancelled() else done.exception()


def _end(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)
