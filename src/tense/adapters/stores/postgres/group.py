"""Group: one transaction that several units of work share, one after the other, and one commit for all of them."""

import asyncio
from collections import deque
from collections.abc import Sequence

from tense.adapters.stores.postgres.commit import RELEASE, Committing, say_soon
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.gather import Entry
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.settling import Ending
from tense.adapters.stores.postgres.trouble import DRIVER, GONE

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

LOCK_WAIT = "SET LOCAL lock_timeout = '50ms'"
"""Who waits for a lock while others wait for his commit may wait for one that is waited for: no longer than this."""

FRESH = 1.0
"""Seconds for which a connection that was used is taken to be there."""

BEGIN = "BEGIN"
SAVE = "SAVEPOINT tense_turn"
UNDO = "ROLLBACK TO SAVEPOINT tense_turn"


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
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._busy = self._resting = self._looking = self._full = False
        self._saved = False
        self._began = self._since = 0.0
        self._committed: asyncio.Future[None] | None = None
        self.session: Session | None = None
        self.stuck = False

    @property
    def load(self) -> int:
        """How many are before one that comes now."""
        return len(self._waiting) + len(self._members) + self._busy

    @property
    def shared(self) -> bool:
        """Whether others may depend on this transaction."""
        return self._most > 1

    async def turn(self) -> Session | None:
        """The connection within its transaction, for oneself until `end` or `undo`; None if it takes too long."""
        if self._resting:
            self._resting = False
        elif not self._busy:
            self._busy = True
        elif not await self._wait():
            return None
        self._since = self._core.around.clock.elapsed()
        try:
            if (session := self.session) is None:
                session = self.session = await self._open()
            elif not self._members:
                self._begin(session)
        except BaseException:
            self._pass()
            raise
        self._since = self._core.around.clock.elapsed()
        if self._members:
            session.ahead(SAVE)
            self._saved = True
        else:
            self._began = self._since
        return session

    def end(self, ending: Ending) -> "asyncio.Future[None]":
        """The turn is over; the future ends when everything is committed, or undone."""
        future = self._committing.promise()
        self._members.append((ending, future))
        if self._saved:
            assert self.session is not None
            self.session.ahead(RELEASE)
            self._saved = False
        self._pass()
        return future

    async def undo(self) -> None:
        """The turn is over, and what was written in it is undone."""
        session = self.session
        assert session is not None
        try:
            if session.is_closed():
                self._full = True
            elif self._saved:
                if not session.unsay(SAVE):
                    await say_soon(session, f"{UNDO}; {RELEASE}")
            elif not session.unsay(BEGIN):
                await say_soon(session, "ROLLBACK")
            session.failed = False
        except DRIVER:
            session.terminate()
            self._full = True
        finally:
            self._saved = False
            self._pass()

    def close(self) -> None:
        """Let nobody else in before the commit."""
        self._full = True

    async def over(self) -> None:
        """Return when what is open now is committed or undone."""
        if self._members:
            self._committed = self._committed or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._committed)

    @property
    def held_for(self) -> float:
        """Seconds since the turn began."""
        return self._core.around.clock.elapsed() - self._since

    async def _open(self) -> Session:
        """A connection in a new transaction. One that was at rest may be forgotten by the server: it is asked first."""
        words = f"{BEGIN}; {LOCK_WAIT}" if self.shared else BEGIN
        for spare in range(self._pool.most, -1, -1):
            session = await self._pool.take()
            if self._core.around.clock.elapsed() - session.used < FRESH:
                self._begin(session)
                return session
            try:
                async with asyncio.timeout(self._core.around.lease):
                    await session.say(words)
            except BaseException as error:
                session.terminate()
                self._pool.give(session)
                if not isinstance(error, GONE) or isinstance(error, TimeoutError) or not spare:
                    raise
            else:
                return session
        raise AssertionError

    def _begin(self, session: Session) -> None:
        session.ahead(BEGIN)
        if self.shared:
            session.ahead(LOCK_WAIT)

    async def _wait(self) -> bool:
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        if not self._looking:
            self._looking = True
            self._core.around.clock.call_later(self._patience, self._look)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.result():
                self._pass()
            raise

    def _look(self) -> None:
        """Whoever waits behind one that does not end goes elsewhere."""
        self._looking = False
        if self._waiting and self.held_for > self._patience:
            self.stuck = True
            self._send_away()
        elif self._waiting:
            self._looking = True
            self._core.around.clock.call_later(self._patience, self._look)

    @property
    def _patience(self) -> float:
        """Where commits take long, so does all else: the machine is busy."""
        return min(LONGEST_PATIENCE, max(PATIENCE, BUSY * self._committing.usual))

    def _send_away(self) -> None:
        while self._waiting:
            if not (waiting := self._waiting.popleft()).done():
                waiting.set_result(False)

    def _pass(self) -> None:
        """Hand the turn on; if nobody wants it, not even in the loop's next turn, commit."""
        self.stuck = False
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
        while self._waiting:
            if not (waiting := self._waiting.popleft()).done():
                waiting.set_result(True)
                return True
        return False

    def _rest(self) -> None:
        if self._resting:
            self._resting = False
            self._finish()

    def _finish(self) -> None:
        if self._members:
            self._core.around.spawn.task(self._commit(self._members), "tense commit")
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
