"""Batch: what several units say first, said in one go, and the turn that these units then have in common."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple, Protocol

from tense.adapters.stores.postgres.gather import Entry
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.settling import Ending

SAVE = "SAVEPOINT tense_turn"
BACK = "ROLLBACK TO SAVEPOINT tense_turn"
"""A turn in a transaction that has others is within a savepoint."""


class Host(Protocol):
    """The transaction in which a batch has its turn."""

    async def enter(self, *, batched: int = 0) -> Session:
        """Begin a turn, for some units at once."""
        ...

    def promise(self) -> "asyncio.Future[None]":
        """A future for a unit that ended; it ends with the commit."""
        ...

    def stay(self, entries: "Sequence[Entry[Ending]]") -> None:
        """The turn is over: these units ended so, and what was written stays."""
        ...

    async def undo(self) -> None:
        """The turn is over, and what was written in it is undone."""
        ...

    def give_up(self, entries: "Sequence[Entry[Ending]]", error: Exception) -> None:
        """These units are to run again."""
        ...

    def put_back(self, waiters: "Sequence[Waiter]") -> None:
        """These are next, each by itself."""
        ...

    def spawn(self, work: "Coroutine[Any, Any, None]", name: str) -> None:
        """Run something beside the caller."""
        ...

    @property
    def held_for(self) -> float:
        """Seconds since the turn began."""
        ...

    @property
    def patience(self) -> float:
        """Seconds that a statement of the engine may take."""
        ...


class First:
    """A unit's first statement, one that may go together with others'; then also the unit's part in their turn."""

    __slots__ = ("batch", "refused", "text", "values")

    shared = True
    """Whether others may depend on the transaction."""

    def __init__(self, text: str, values: Sequence[Any]) -> None:
        self.text = text
        self.values = values
        self.batch: Batch | None = None
        """With whom it went, once it did."""
        self.refused = False
        """Whether it was tried together with others, and one of them could not be said."""

    @property
    def _turn(self) -> "Batch":
        assert self.batch is not None
        return self.batch

    @property
    def held_for(self) -> float:
        """Seconds since the turn began that are this unit's."""
        return self._turn.host.held_for / self._turn.size

    def end(self, ending: Ending) -> "asyncio.Future[None]":
        """The unit ended; the future ends when everything is committed, or undone."""
        return self._turn.end(self, ending)

    async def undo(self) -> None:
        """Leave: what was said is undone when this returns."""
        batch = self._turn
        batch.leave(self)
        await batch.over()


class Waiter(NamedTuple):
    """One who waits for a turn; the answer is whether it is its turn now, or it must go elsewhere."""

    turn: "asyncio.Future[bool]"
    first: First | None
    """What it says first, if that may go together with what others say first."""

    def answer(self, *, here: bool) -> None:
        """Tell it; who gave up meanwhile is not told."""
        if not self.turn.done():
            self.turn.set_result(here)


class Batch:
    """Units that say the same statement in one go, within one savepoint.

    The turn is over when each of them ended or left. When one leaves, all is undone to the savepoint, and what the others
    said is said once more, at once: they say nothing else meanwhile, so nobody waits for a handler. That gives the same,
    for the statement adds a row and reads none; no handler runs again for it.
    """

    def __init__(self, host: Host, firsts: "Sequence[First]") -> None:
        self.host = host
        self.size = len(firsts)
        self._text = firsts[0].text
        self._inside: dict[First, None] = dict.fromkeys(firsts)
        self._ended: dict[First, Entry[Ending]] = {}
        self._session: Session | None = None
        self._left = self._undoing = False
        self._broken: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    async def say(self, waiters: Sequence[Waiter]) -> None:
        """Say it for all who wait, and tell them. If it cannot be said, each says its own, and sees its own error."""
        firsts = list(self._inside)
        try:
            self._session = await self.host.enter(batched=self.size)
            await self._together(self._session)
        except asyncio.CancelledError:
            for waiter in waiters:
                waiter.turn.cancel()
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it comes again where it belongs
            for first in firsts:
                first.refused = True
            self.host.put_back(waiters)
            await self.host.undo()
            return
        for first in firsts:
            first.batch = self
        for first, waiter in zip(firsts, waiters, strict=True):
            if waiter.turn.done():
                self.leave(first)
            waiter.answer(here=True)

    def end(self, first: First, ending: Ending) -> "asyncio.Future[None]":
        """One of them ended; the future ends with the commit."""
        future = self.host.promise()
        del self._inside[first]
        if self._broken is None:
            self._ended[first] = (ending, future)
            self._end_if_over()
        else:
            self.host.give_up([(ending, future)], self._broken)
        return future

    def leave(self, first: First) -> None:
        """One of them does not stay."""
        del self._inside[first]
        if self._broken is None:
            self._left = True
            if not self._undoing:
                self._undoing = True
                self.host.spawn(self._undo_who_left(), "tense say again")

    async def over(self) -> None:
        """Return when whoever left is undone."""
        if self._undoing:
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await asyncio.shield(waiting)

    def _end_if_over(self) -> None:
        if not self._inside and not self._undoing:
            # Nobody is remembered here any more: who ended remembers this, and only a collector would part them.
            ended, self._ended = self._ended, {}
            self.host.stay(list(ended.values()))

    async def _undo_who_left(self) -> None:
        try:
            stays = await self._say_again()
        finally:
            self._undoing = False
            for waiting in self._waiting:
                if not waiting.done():
                    waiting.set_result(None)
        if stays:
            self._end_if_over()

    async def _say_again(self) -> bool:
        """Undo, and say what the others said, until nobody leaves meanwhile; False if the turn is over for all of them."""
        session = self._session
        assert session is not None
        try:
            while self._left:
                self._left = False
                if not self._inside and not self._ended:
                    await self.host.undo()
                    return False
                session.ahead(BACK)
                await self._together(session)
        except asyncio.CancelledError:
            for _, future in self._ended.values():
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            self._broken = error
            self.host.give_up(list(self._ended.values()), error)
            await self.host.undo()
            return False
        return True

    async def _together(self, session: Session) -> None:
        """Say it for all who stay.

        Raises:
            TimeoutError: the server does not answer; the connection is dropped.
        """
        try:
            async with asyncio.timeout(self.host.patience):
                await session.together(self._text, [first.values for first in (*self._ended, *self._inside)])
        except TimeoutError:
            session.terminate()
            raise
