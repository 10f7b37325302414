"""Committing: marks, messages and outcomes of all who shared a transaction, and what becomes of them if it fails."""

import asyncio
from collections.abc import Callable, Sequence

from tense.adapters.stores.postgres.all_or_none import NOT_ALL, marks_of
from tense.adapters.stores.postgres.beginning import BEGIN
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.ending import Endings
from tense.adapters.stores.postgres.gather import Entry
from tense.adapters.stores.postgres.pool import PATIENCE
from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.settling import Ending, Settling, note_outcomes
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import REFUSED, translated
from tense.errors import DuplicateIdError, LeaseLostError, RefusedWriteError, StoreBusyError, StoreError
from tense.ports.delivery import Delivery

RELEASE = "RELEASE SAVEPOINT tense_turn"
MARKS_WAIT = "SET LOCAL lock_timeout = 0"
NO_SCAN = "SET LOCAL enable_seqscan = off"
"""The engine's own statements keep plans that were made while tables were empty."""

ENDED = (
    "a handler ended the transaction by itself, so what it wrote, and the mark with it, cannot be committed together"
)

WEIGHT = 1 / 32
"""Of the last commit in what commits usually take."""

Failure = StoreError | DuplicateIdError


class Committing:
    """Ends transactions. `undone` is told who was undone together with others."""

    def __init__(self, core: Core, settling: Settling, endings: Endings) -> None:
        self._core = core
        self._settling = settling
        self._endings = endings
        self._promised = 0
        self._kept: asyncio.Future[None] | None = None
        self.undone: Callable[[Delivery], None] = lambda _delivery: None
        self.usual = 0.0
        """Seconds that it takes of late."""

    def promise(self) -> "asyncio.Future[None]":
        """A future for one who waits for a commit."""
        self._promised += 1
        return asyncio.get_running_loop().create_future()

    async def idle(self) -> None:
        """Return when all that was promised so far is kept or broken."""
        while self._promised:
            self._kept = self._kept or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._kept)

    async def run(self, session: Session, members: "Sequence[Entry[Ending]]") -> Failure | None:
        """Write the endings and commit; what went wrong, and then nothing of it is there, or it is not known."""
        tidings = Tidings()
        try:
            async with asyncio.timeout(self._core.around.lease):
                await self._write(session, [ending for ending, _ in members], tidings)
        except asyncio.CancelledError:
            session.terminate()
            for _, future in members:
                future.cancel()
            self._keep(len(members))
            raise
        except (StoreError, DuplicateIdError) as error:
            await roll_back(session)
            return error
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            await roll_back(session)
            return translated(error, self._core.address.shown)
        self._core.publish(tidings)
        return None

    def _keep(self, count: int) -> None:
        self._promised -= count
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.set_result(None)

    def tell(self, members: "Sequence[Entry[Ending]]", error: Failure | None) -> None:
        """Tell those who wait. Who shared and was undone runs again alone, for one of them may be in all others' way."""
        self._keep(len(members))
        for ending, future in members:
            failure: Failure | None = error
            if error is not None and len(members) > 1:
                self.undone(ending.delivery)
                text = f"the transaction that this shared with others was undone, it runs again alone: {error}"
                failure = StoreBusyError(text)
            if failure is not None and not isinstance(failure, (DuplicateIdError, RefusedWriteError)):
                self._core.lose(ending.lease)
            if future.done():
                continue
            if failure is None:
                future.set_result(None)
            else:
                future.set_exception(failure)
                future.exception()

    async def _write(self, session: Session, endings: Sequence[Ending], tidings: Tidings) -> None:
        clock = self._core.around.clock
        began = clock.elapsed()
        if before := [future for ending in endings if (future := self._endings.before(ending.lane)) is not None]:
            await asyncio.wait(before)
        if not session.within_transaction and not session.will_say(BEGIN):
            raise RefusedWriteError(ENDED)
        session.unsay(RELEASE)
        session.ahead(NO_SCAN)
        session.ahead(MARKS_WAIT)
        try:
            if session.pipelines and len(endings) > 1 and all(ending.is_plain for ending in endings):
                await self._all_or_none(session, endings, tidings)
            else:
                await self._settling.write(session, endings, tidings)
                await session.say("COMMIT")
        except REFUSED as error:
            text = f"the database would not commit what the handler wrote: {error}"
            raise RefusedWriteError(text) from error
        took = clock.elapsed() - began
        self.usual = self.usual + (took - self.usual) * WEIGHT if self.usual else took

    async def _all_or_none(self, session: Session, endings: Sequence[Ending], tidings: Tidings) -> None:
        """Marks and COMMIT in one packet: nobody waits for the one before he says the other."""
        await self._settling.send(session, endings, tidings)
        try:
            await session.commit(
                [(self._core.sql(text), values) for text, values in marks_of(endings, self._core.around.clock.now())]
            )
        except NOT_ALL as error:
            text = "a lane of one who shared it belongs to another worker now, or somebody else ended a message of it"
            raise LeaseLostError(text) from error
        note_outcomes(endings, tidings)


async def roll_back(session: Session) -> None:
    """Undo whatever is open; a connection that does not answer is dropped."""
    try:
        if session.within_transaction:
            await say_soon(session, "ROLLBACK")
    except Exception:  # noqa: BLE001 - whatever it is: those who wait for the commit must be told
        session.terminate()


async def say_soon(session: Session, words: str) -> None:
    """Say words, and wait for the answer only for as long as closing waits.

    Raises:
        TimeoutError: no answer came.
    """
    async with asyncio.timeout(PATIENCE):
        await session.say(words)
