"""Group: one transaction that several units of work share, one after the other, and one commit for all of them."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from tense.adapters.stores.postgres.batch import BACK, SAVE, Batch, First, Waiter
from tense.adapters.stores.postgres.beginning import BEGIN, begin, begun
from tense.adapters.stores.postgres.commit import RELEASE, Committing, say_soon
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.gather import Entry
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.settling import Ending
from tense.adapters.stores.postgres.trouble import DRIVER, translated
from tense.adapters.stores.postgres.waiting import Waiting

MOST = 48
"""Units in one transaction at most: the server keeps 64 open savepoints in memory, and begins to search beyond."""

LONGEST = 0.05
"""Seconds after which nobody new comes into a transaction."""

PATIENCE = 0.02
"""Seconds that others wait behind one that does not end; then they go elsewhere."""

BUSY = 8
"""The same in commits."""

LONGEST_PATIENCE = 1.0
"""Seconds, however long commits take."""


class Group:
    """A connection whose transaction is passed from unit to unit; when nobody wants it, it is committed for all.

    Two units on one connection undo each other's rows, for savepoints are a stack: so each has the connection for
    itself from its first statement to its end, in a savepoint of its own. What it wrote is durable, and its end is
    told, with the commit. `most` is 1 for a unit that shares with nobody.
    """

    def __init__(self, core: Core, committing: Committing, most: int = MOST) -> None:
        self._core = core
        self._committing = committing
        self._most = most
        self._pool = core.shared if most > 1 else core.units
        self._members: list[Entry[Ending]] = []
        self._waiting = Waiting()
        self._batched = 0
        self._busy = self._resting = self._looking = self._full = False
        self._saved = False
        self._began = self._since = 0.0
        self._committed: asyncio.Future[None] | None = None
        self.session: Session | None = None
        self.stuck = False

    @property
    def load(self) -> int:
        """How many are before one that comes now."""
        return len(self._waiting) + len(self._members) + max(self._busy, self._batched)

    @property
    def shared(self) -> bool:
        """Whether others may depend on this transaction."""
        return self._most > 1

    async def turn(self, first: First | None = None) -> Session | None:
        """The connection within its transaction, for oneself until `end` or `undo`; None if it takes too long.

        What `first` says may be said meanwhile, together with what others say: then it has a batch, and its `end` and
        `undo` are the ones to call.
        """
        if first is None and self._resting:
            self._resting = False
        elif first is None and not self._busy:
            self._busy = True
        else:
            waiting = self._wait(first)
            try:
                here = await waiting
            except asyncio.CancelledError:
                self._gave_up(waiting, first)
                raise
            if not here:
                return None
            if first is not None and first.batch is not None:
                return self.session
        try:
            return await self.enter()
        except BaseException:
            self._pass()
            raise

    async def enter(self, *, batched: int = 0) -> Session:
        """Begin a turn, for some units at once."""
        self._batched = batched
        self._since = self._core.around.clock.elapsed()
        if (session := self.session) is None:
            session = self.session = await begun(self._core, self._pool, shared=self.shared)
        elif not self._members:
            begin(session, shared=self.shared)
        self._since = self._core.around.clock.elapsed()
        if not self._members:
            self._began = self._since
        if self._members or batched:
            session.ahead(SAVE)
            self._saved = True
        return session

    def end(self, ending: Ending) -> "asyncio.Future[None]":
        """The turn is over; the future ends when everything is committed, or undone."""
        future = self.promise()
        self.stay([(ending, future)])
        return future

    def promise(self) -> "asyncio.Future[None]":
        """A future for a unit that ended; it ends with the commit."""
        return self._committing.promise()

    def stay(self, entries: "Sequence[Entry[Ending]]") -> None:
        """The turn is over: these units ended so, and what was written stays."""
        self._members += entries
        if self._saved:
            assert self.session is not None
            self.session.ahead(RELEASE)
            self._saved = False
        self._pass()

    async def undo(self) -> None:
        """The turn is over, and what was written in it is undone."""
        session = self.session
        try:
            if session is None or session.is_closed():
                self._full = True
            elif self._saved and self._members:
                if not session.unsay(SAVE):
                    await say_soon(session, f"{BACK}; {RELEASE}")
            elif not session.unsay(BEGIN):
                await say_soon(session, "ROLLBACK")
        except DRIVER:
            if session is not None:
                session.terminate()
            self._full = True
        finally:
            if session is not None:
                session.failed = False
            self._saved = False
            self._pass()

    def give_up(self, entries: "Sequence[Entry[Ending]]", error: Exception) -> None:
        """These units are to run again, alone."""
        for ending, _ in entries:
            self._committing.undone(ending.delivery)
        self._committing.tell(entries, translated(error, self._core.address.shown))

    def put_back(self, waiters: Sequence[Waiter]) -> None:
        """These are next, each by itself."""
        self._waiting.put_back(waiters)

    def spawn(self, work: "Coroutine[Any, Any, None]", name: str) -> None:
        """Run something beside the caller."""
        self._core.around.spawn.task(work, name)

    def close(self) -> None:
        """Let nobody else in before the commit."""
        self._full = True

    async def over(self) -> None:
        """Return when what is open now is committed or undone."""
        if self._members:
            self._committed = self._committed or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._committed)

    @property
    def patience(self) -> float:
        """Seconds that a statement of the engine may take."""
        return self._core.around.lease

    @property
    def held_for(self) -> float:
        """Seconds since the turn began."""
        return self._core.around.clock.elapsed() - self._since

    def _wait(self, first: First | None) -> "asyncio.Future[bool]":
        waiting = self._waiting.add(first)
        if not self._busy:
            # Whoever comes in this turn of the loop says it together with this one.
            self._busy, self._since = True, self._core.around.clock.elapsed()
            asyncio.get_running_loop().call_soon(self._next)
        if not self._looking:
            self._looking = True
            self._core.around.clock.call_later(self._patience, self._look)
        return waiting

    def _gave_up(self, waiting: "asyncio.Future[bool]", first: First | None) -> None:
        """Who waited is cancelled: if it was its turn already, that is over."""
        if waiting.done() and not waiting.cancelled() and waiting.result():
            if first is not None and first.batch is not None:
                first.batch.leave(first)
            else:
                self._pass()

    def _look(self) -> None:
        """Whoever waits behind one that does not end goes elsewhere."""
        self._looking = False
        if self._waiting and self.held_for > self._patience:
            self.stuck = True
            self._waiting.send_away()
        elif self._waiting:
            self._looking = True
            self._core.around.clock.call_later(self._patience, self._look)

    @property
    def _patience(self) -> float:
        """Where commits take long, so does all else: the machine is busy."""
        return min(LONGEST_PATIENCE, max(PATIENCE, BUSY * self._committing.usual))

    def _pass(self) -> None:
        """Hand the turn on; if nobody wants it, not even in the loop's next turn, commit."""
        self.stuck, self._batched = False, 0
        full = self._full or len(self._members) >= self._most
        if not full and (not self._members or self._core.around.clock.elapsed() - self._began < LONGEST):
            if self._wake():
                return
            if self.shared:
                self._resting = True
                asyncio.get_running_loop().call_soon(self._rest)
                return
        self._finish()

    def _wake(self) -> bool:
        """Give the turn to whoever is next, or to several at once."""
        together = self._waiting.next(self._most - len(self._members))
        if len(together) > 1:
            firsts = [waiter.first for waiter in together if waiter.first is not None]
            self.spawn(Batch(self, firsts).say(together), "tense say together")
        elif together:
            together[0].answer(here=True)
        return bool(together)

    def _rest(self) -> None:
        if self._resting:
            self._resting = False
            if not self._wake():
                self._finish()

    def _finish(self) -> None:
        if self._members:
            self.spawn(self._commit(self._members), "tense commit")
        else:
            self._next()

    def _next(self) -> None:
        """Let go of the connection; whoever waits begins anew."""
        session, self.session = self.session, None
        self._full = self.stuck = False
        if session is not None:
            session.failed = False
            session.used = self._core.around.clock.elapsed()
            self._pool.give(session)
        if not self._wake():
            self._busy = False

    async def _commit(self, members: "Sequence[Entry[Ending]]") -> None:
        session = self.session
        assert session is not None
        self._since = self._core.around.clock.elapsed()
        try:
            error = await self._committing.run(session, members)
        finally:
            self._members = []
            self._next()
            committed, self._committed = self._committed, None
            if committed is not None:
                committed.set_result(None)
        self._committing.tell(members, error)
