"""The unit of work on PostgreSQL: a transaction from the first use of it to the end, alone or with others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from typing_extensions import TypeVar

from tense.adapters.stores.postgres.batch import First
from tense.adapters.stores.postgres.company import Company, Turn, is_plain
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.ending import Endings
from tense.adapters.stores.postgres.face import ONE_ADDED, PostgresTransaction
from tense.adapters.stores.postgres.group import Group
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.settling import Ending
from tense.adapters.stores.postgres.translate import adds_one_row
from tense.adapters.stores.postgres.trouble import BLOCKED, GONE
from tense.errors import LeaseLostError, NotSupportedError, RefusedWriteError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.transaction import Transaction

T = TypeVar("T")

TRIES = 3
"""Connections that are tried where the first is found to be gone."""

DRIVER_ITSELF = "SET LOCAL"
"""What a handler says to the driver's connection is not seen here: it may be anything."""

TORN = (
    "the handler went on although a statement was interrupted while its transaction began anew; nothing of it is kept"
)


class PostgresUnit:
    """One delivery's unit of work. Until the transaction is used it holds nothing, and ends together with others."""

    __slots__ = (
        "_company",
        "_core",
        "_delivery",
        "_endings",
        "_lease",
        "_lock",
        "_only",
        "_over",
        "_said",
        "_session",
        "_speaking",
        "_torn",
        "_turn",
        "begun",
        "lost",
    )

    def __init__(self, core: Core, parts: tuple[Company, Endings], delivery: Delivery, lease: Lease) -> None:
        self._core = core
        self._company, self._endings = parts
        self._delivery = delivery
        self._lease = lease
        self._over = False
        self._turn: Turn | None = None
        self._session: Session | None = None
        self._lock: asyncio.Lock | None = None
        self._said = 0
        self._only: str | None = None
        self._torn = self._speaking = False
        self.begun = False
        self.lost = False

    @property
    def revoked(self) -> None:
        """Never: who keeps others waiting here is left behind, and next time alone."""
        return

    def transaction(self) -> Transaction:
        """The database within this unit."""
        return PostgresTransaction(self)

    def driver(self, kind: type[T]) -> "asyncio.Future[T]":
        """The driver's connection, within this unit's transaction."""
        if kind is not asyncpg.Connection:
            text = f"a PostgreSQL store has an asyncpg.Connection and no {kind.__module__}.{kind.__name__}"
            raise NotSupportedError(text)
        return self._core.soon(self._bare(), "tense driver")

    async def run(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        """Run one statement of the handler; its rows, and the server's word for what it did."""
        await self._speak()
        try:
            self._refuse_torn()
            return await self._run(text, values)
        finally:
            self._quiet()

    async def say(self, words: str) -> None:
        """Begin, end or undo a part of the transaction."""
        async with self._one_at_a_time():
            session = await self._connection(words)
            await session.say(words)
            self._now_said(None)

    async def many(self, text: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of values."""
        async with self._one_at_a_time():
            session = await self._connection(text)
            self._now_said(None)
            await session.many(text, values)

    async def undo(self) -> None:
        """Undo what was written, and let go of the connection."""
        self._torn = False
        await self._let_go()

    async def _let_go(self) -> None:
        turn, self._turn, self._session = self._turn, None, None
        self.begun, self._said, self._only = False, 0, None
        if turn is not None:
            self._company.took(self._delivery, turn)
            await asyncio.shield(self._core.soon(turn.undo(), "tense undo"))

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "asyncio.Future[None]":
        """Write mark, outcome and messages: in this unit's transaction if it has one, else together with others."""
        self._over = True
        ending = Ending(delivery=self._delivery, lease=self._lease, settlement=settlement, outgoing=outgoing)
        if self.lost:
            return self._core.soon(self._refuse(LeaseLostError(self._whose())), "tense finish")
        if self._torn:
            return self._core.soon(self._refuse(RefusedWriteError(TORN)), "tense finish")
        turn, session, only = self._turn, self._session, self._only
        if turn is None or session is None:
            return self._endings.end(ending)
        if session.failed:
            text = "a statement of the handler failed and was not undone, so its transaction cannot be committed"
            return self._core.soon(self._refuse(RefusedWriteError(text)), "tense finish")
        self._turn = self._session = None
        self._company.took(self._delivery, turn, only)
        return turn.end(ending)

    @asynccontextmanager
    async def _one_at_a_time(self) -> AsyncIterator[None]:
        await self._speak()
        try:
            yield
        finally:
            self._quiet()

    async def _speak(self) -> None:
        """Begin to speak, once nobody else of this unit does; `_quiet` ends it.

        A lock is made when two of them meet: most handlers say one thing after the other.
        """
        if self._speaking and self._lock is None:
            self._lock = asyncio.Lock()
            # This one is for who speaks now.
            await self._lock.acquire()
        if self._lock is not None:
            await self._lock.acquire()
        self._speaking = True

    def _quiet(self) -> None:
        if self._lock is None:
            self._speaking = False
        else:
            self._lock.release()

    async def _run(self, text: str, values: Sequence[Any]) -> tuple[list[Any], str]:
        tries = 0
        while True:
            session = self._session
            if session is None:
                session = await self._join(text, values)
                if isinstance(self._turn, First):
                    self._now_said(text)
                    return [], ONE_ADDED
            elif isinstance(self._turn, First):
                session = await self._part(self._turn)
            if self._said and not is_plain(text):
                self._leave_others_out()
            try:
                done = await session.run(text, values)
            except BLOCKED as error:
                await self._step_aside(error)
            except GONE:
                # Nothing was done yet: another connection tells whether the server is there.
                if self._said or not session.is_closed() or tries >= TRIES:
                    raise
                tries += 1
                await self.undo()
            else:
                self._now_said(text if done[1] == ONE_ADDED and adds_one_row(text) else None)
                return done

    def _refuse_torn(self) -> None:
        if self._torn:
            raise RefusedWriteError(TORN)

    def _now_said(self, only: str | None) -> None:
        self._only = only if not self._said else None
        self._said += 1

    async def _connection(self, words: str) -> Session:
        """The connection, for something that does not go together with what others say."""
        self._refuse_torn()
        if isinstance(self._turn, First):
            return await self._part(self._turn)
        return self._session or await self._join(words)

    async def _part(self, first: First) -> Session:
        """There is more to say: what was said together is undone, and said again in a transaction of its own."""
        self._torn = True
        self._company.part(self._delivery)
        await self._let_go()
        await self._run(first.text, first.values)
        self._torn = False
        assert self._session is not None
        return self._session

    async def _join(self, words: str, values: Sequence[Any] | None = None) -> Session:
        if self._over:
            text = "the Transaction was used after the handler ended; its unit of work is over"
            raise WorkflowError(text)
        if self._lease.lost or self.lost:
            raise LeaseLostError(self._whose())
        self.begun = True
        self._turn, self._session = await self._company.join(self._delivery, words, values)
        return self._session

    async def _bare(self) -> Any:
        async with self._one_at_a_time():
            session = await self._connection(DRIVER_ITSELF)
            self._leave_others_out()
            self._now_said(None)
            await session.flush()
            return session

    async def _step_aside(self, error: BaseException) -> None:
        """Somebody's lock is in the way, and others wait for this transaction: they commit, this one runs alone.

        Raises:
            LeaseLostError: the handler wrote something already, so it must begin anew.
            BaseException: the error itself, if it has nothing to do with the others.
        """
        group = self._turn
        if not isinstance(group, Group) or not group.shared:
            raise error
        self._company.keep_apart(self._delivery)
        self._company.part(self._delivery)
        again = self._said == 0
        # Whatever interrupts the undoing: what was written is gone, and what follows may not stand without it.
        self.lost = not again
        group.close()
        await self.undo()
        if again:
            return
        await group.over()
        self._core.lose(self._lease)
        raise LeaseLostError(self._whose()) from error

    def _leave_others_out(self) -> None:
        """What this handler says may last until the transaction ends: nobody comes behind it."""
        if isinstance(self._turn, Group) and self._turn.shared:
            self._turn.close()
            self._company.keep_apart(self._delivery, for_good=True)

    async def _refuse(self, error: Exception) -> None:
        await self.undo()
        raise error

    def _whose(self) -> str:
        return f"lane {self._lease.lane} of {self._lease.consumer} belongs to another worker now, or is read again"
