"""Endings: settlements of units that hold no connection, many in one transaction; in order within each lane."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

from tense.adapters.stores.postgres.core import CLASHES, Core
from tense.adapters.stores.postgres.gather import Entry, Gather
from tense.adapters.stores.postgres.settling import Ending, Settling, lost
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import CLASHED, DRIVER, translated
from tense.errors import DuplicateIdError, LeaseLostError, RefusedWriteError, StoreError
from tense.messages.settlement import Held


class Endings:
    """Takes endings and writes them together; one that cannot be written undoes only itself."""

    def __init__(self, core: Core, settling: Settling) -> None:
        self._core = core
        self._settling = settling
        self._gather: Gather[Ending] = Gather(core, "settle", self._flush)
        self._last: dict[tuple[str, int], asyncio.Future[None]] = {}

    def end(self, ending: Ending) -> "asyncio.Future[None]":
        """Write an ending, after those of its lane that were asked for before."""
        future: asyncio.Future[None] = self._gather.ask(ending)
        if ending.is_event or not ending.is_plain:
            self._last[ending.lane] = future
        if isinstance(ending.settlement, Held):
            self._core.hold((*ending.lane, ending.settlement.strand), future)
        return future

    def before(self, lane: tuple[str, int]) -> "asyncio.Future[None] | None":
        """The last ending of a lane that is not written yet: whoever writes by himself must wait for it."""
        future = self._last.get(lane)
        return None if future is None or future.done() else future

    async def idle(self) -> None:
        """Return when everything asked for is written."""
        await self._gather.idle()

    async def _flush(self, batch: "Sequence[Entry[Ending]]") -> None:
        """Runs of one sort, in order: a cursor must not pass what is held back before it."""
        for sort, run in groupby(batch, key=_sort):
            entries = list(run)
            if sort == (True, False, False):
                await self._mark(entries)
            elif not await self._together(entries):
                for entry in entries:
                    await self._alone(entry)
        for lane in {entry[0].lane for entry in batch}:
            if (future := self._last.get(lane)) is not None and future.done():
                del self._last[lane]

    async def _mark(self, entries: "Sequence[Entry[Ending]]") -> None:
        """Plain endings without messages: no transaction around, each statement is one."""
        tidings = Tidings()
        live = [entry for entry in entries if not entry[0].lease.lost]
        try:
            written = await self._core.run(
                lambda connection: self._settling.mark(connection, [ending for ending, _ in live], tidings)
            )
        except StoreError as error:
            self._fail(entries, error)
            return
        self._core.publish(tidings)
        for entry in entries:
            if entry[0] in written:
                _answer(entry)
            else:
                self._fail([entry], lost(entry[0]))

    async def _together(self, entries: "Sequence[Entry[Ending]]") -> bool:
        """All in one transaction; False if one of them stands in the way of the others."""
        try:
            await self._transaction(entries)
        except (LeaseLostError, DuplicateIdError, RefusedWriteError):
            return False
        except StoreError as error:
            self._fail(entries, error)
        return True

    async def _alone(self, entry: "Entry[Ending]") -> None:
        try:
            await self._transaction([entry])
        except (DuplicateIdError, RefusedWriteError) as error:
            if not entry[1].done():
                entry[1].set_exception(error)
        except StoreError as error:
            self._fail([entry], error)

    async def _transaction(self, entries: "Sequence[Entry[Ending]]") -> None:
        endings = [ending for ending, _ in entries]
        for attempt in range(CLASHES):
            tidings = Tidings()
            try:
                async with self._core.engine.connection() as connection, connection.transaction():
                    await self._settling.write(connection, endings, tidings)
            except DRIVER as error:
                if not isinstance(error, CLASHED) or attempt + 1 == CLASHES:
                    raise translated(error, self._core.address.shown) from error
                continue
            self._core.publish(tidings)
            for entry in entries:
                _answer(entry)
            return

    def _fail(self, entries: "Sequence[Entry[Ending]]", error: StoreError) -> None:
        """What was not written is undone: its lane is read again from what is committed."""
        for ending, future in entries:
            self._core.lose(ending.lease)
            if not future.done():
                future.set_exception(error)
                future.exception()


def _answer(entry: "Entry[Ending]") -> None:
    if not entry[1].done():
        entry[1].set_result(None)


def _sort(entry: "Entry[Ending]") -> tuple[bool, bool, bool]:
    """Endings of one sort are written together. Messages beside marks of another store change nothing."""
    ending = entry[0]
    return ending.is_plain, ending.is_elsewhere, bool(ending.outgoing) and not ending.is_elsewhere
