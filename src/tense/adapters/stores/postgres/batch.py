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
        batch.leave()
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

    The turn is over when each of them ended or left. If one left, all is undone to the savepoint, and what those said
    who ended is said once more. That gives the same, for the statement adds a row and reads none; no handler runs
    again for it.
    """

    def __init__(self, host: Host, firsts: "Sequence[First]") -> None:
        self.host = host
        self.size = len(firsts)
        self._text = firsts[0].text
        self._firsts = firsts
        self._inside = self.size
        self._ended: dict[First, Entry[Ending]] = {}
        self._session: Session | None = None
        self._left = False
        self._over: asyncio.Future[None] | None = None

    async def say(self, waiters: Sequence[Waiter]) -> None:
        """Say it for all who wait, and tell them. If it cannot be said, each says its own, and sees its own error."""
        try:
            self._session = await self.host.enter(batched=self.size)
            await self._session.together(self._text, [first.values for first in self._firsts])
        except asyncio.CancelledError:
            for waiter in waiters:
                waiter.turn.cancel()
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it comes again where it belongs
            for first in self._firsts:
                first.refused = True
            self.host.put_back(waiters)
            await self.host.undo()
            return
        for first in self._firsts:
            first.batch = self
        for waiter in waiters:
            if waiter.turn.done():
                self.leave()
            waiter.answer(here=True)

    def end(self, first: First, ending: Ending) -> "asyncio.Future[None]":
        """One of them ended; the future ends with the commit."""
        future = self.host.promise()
        self._ended[first] = (ending, future)
        self._one_less()
        return future

    def leave(self) -> None:
        """One of them does not stay."""
        self._left = True
        self._one_less()

    async def over(self) -> None:
        """Return when whoever left is undone."""
        if self._left:
            self._over = self._over or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._over)

    def _one_less(self) -> None:
        self._inside -= 1
        if self._inside:
            return
        if self._left:
            self.host.spawn(self._undo_who_left(), "tense say again")
        else:
            self.host.stay(list(self._ended.values()))

    async def _undo_who_left(self) -> None:
        stays = list(self._ended.values())
        try:
            if not stays:
                await self.host.undo()
            else:
                await self._say_again(stays)
        finally:
            self._left = False
            if self._over is not None and not self._over.done():
                self._over.set_result(None)

    async def _say_again(self, stays: "Sequence[Entry[Ending]]") -> None:
        session = self._session
        assert session is not None
        try:
            session.ahead(BACK)
            await session.together(self._text, [first.values for first in self._ended])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            self.host.give_up(stays, error)
            await self.host.undo()
        else:
            self.host.stay(stays)
