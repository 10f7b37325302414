"""The writer: one connection, one transaction at a time, whatever waits goes together.

Statements run on the loop's thread, where they are cheapest; only COMMIT, and BEGIN when another process has the turn,
run aside. A group is open while somebody has something to write and is committed one turn of the loop after nobody has,
so that no timer delays a lone message and 64 senders share one commit: idle -> opening -> open -> closing -> idle.
"""

import asyncio
import os
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tense.adapters.stores.sqlite.file import translated
from tense.adapters.stores.sqlite.hooks import Holder, Hooks
from tense.adapters.stores.sqlite.neighbours import Turns
from tense.adapters.stores.sqlite.transactions import Transactions
from tense.adapters.stores.sqlite.turnwatch import TurnWatch
from tense.errors import ClosedError, StoreBusyError, StoreError
from tense.ports.clock import Clock
from tense.ports.spawn import Aside

MOST = 512
"""How many operations and turns one group may have before it is committed although more wait."""

LONGEST = 0.02
"""Seconds after which a group is committed although more wait: other processes want their turn too."""

Operation = Callable[[sqlite3.Connection], Any]


class Writer:
    """Runs operations in group transactions and gives handlers their turns within them."""

    def __init__(
        self, connection: sqlite3.Connection, path: Path, lock: Turns, seams: tuple[Clock, Aside], hooks: Hooks
    ) -> None:
        self.connection = connection
        self._path = path
        self._clock, aside = seams
        self._transactions = Transactions(connection, lock, aside)
        self._hooks = hooks
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._state = "idle"
        self._operations: deque[tuple[Operation, asyncio.Future[Any], bool, bool]] = deque()
        self._waiting: deque[tuple[Holder, asyncio.Future[sqlite3.Connection]]] = deque()
        self._durable: list[tuple[asyncio.Future[Any], Any]] = []
        self._holder: Holder | None = None
        self._watch = TurnWatch(self._clock)
        self._count, self._began = 0, 0.0
        self._closing_soon = False
        self._turned = True
        self._closed = False

    def submit(self, operation: Operation, *, light: bool = False) -> "asyncio.Future[Any]":
        """Run an operation in a group; the future has its result when it is durable.

        A `light` one must survive the process, but not a power cut.
        """
        self._check_usable()
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._runs_now:
            self._run(operation, future, durable=True)
            self._close_soon()
        else:
            self._operations.append((operation, future, True, light))
            self._kick()
        return future

    def write(self, operation: Operation) -> "asyncio.Future[Any] | None":
        """Run an operation in a group: now (None), or as soon as one is open. It is durable when the group is.

        Raises:
            Exception: what the operation raised, if it ran now.
        """
        self._check_usable()
        if self._runs_now:
            self._guarded(operation)
            self._close_soon()
            return None
        future: asyncio.Future[Any] = self._loop.create_future()
        self._operations.append((operation, future, False, False))
        self._kick()
        return future

    def take(self, holder: Holder) -> "sqlite3.Connection | asyncio.Future[sqlite3.Connection]":
        """Give a holder its turn: the connection within a savepoint of its own, now or in order of asking."""
        if self._holder is holder:
            self._transactions.check_open(self._path)
            return self.connection
        self._check_usable()
        # Who asks again before the loop has turned goes first: a turn of the loop costs as much as a handler.
        if self._state == "open" and self._holder is None and not self._full and not (self._waiting and self._turned):
            self._close_soon()
            return self._seat(holder)
        future: asyncio.Future[sqlite3.Connection] = self._loop.create_future()
        self._waiting.append((holder, future))
        self._kick()
        return future

    def keep(self, holder: Holder) -> None:
        """End a turn and keep what was written."""
        if self._holder is holder:
            self._transactions.keep_turn(self._path)
            self._unseat()

    def undo(self, holder: Holder) -> None:
        """End a turn, or the wait for one, and undo what was written."""
        if self._holder is holder:
            if (error := self._transactions.undo_turn()) is None:
                self._unseat()
            else:
                self._holder = None
                self._abandon(error)
        else:
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not holder)

    async def settled(self) -> None:
        """Return when everything asked for so far is durable."""
        if not self.idle or self._operations or self._waiting:
            await self.submit(lambda _connection: None)

    async def close(self) -> None:
        """Commit what is open and take nothing more."""
        if not self._closed:
            await self.settled()
            self._closed = True
            self._watch.stop()

    @property
    def idle(self) -> bool:
        """Whether no group is open and nothing waits."""
        return self._state == "idle"

    @property
    def _runs_now(self) -> bool:
        # What was asked for before goes before: a lane that is read after it was given back would be read for nobody.
        return self._state == "open" and self._holder is None and not self._operations and not self._full

    @property
    def _full(self) -> bool:
        return self._count >= MOST or self._clock.elapsed() - self._began > LONGEST

    def _kick(self) -> None:
        if self._state != "idle" or not (self._operations or self._waiting):
            return
        light = not self._waiting and all(entry[3] for entry in self._operations)
        if not self._transactions.begin_now(light=light):
            self._state = "opening"
            self._transactions.begin_aside(self._waited)
            return
        self._opened()
        if light and self._state == "open" and self._holder is None and not self._waiting:
            self._commit(here=True)

    def _waited(self, error: BaseException | None) -> None:
        if error is None:
            self._opened()
            return
        self._state = "idle"
        known = translated(error, self._path) if isinstance(error, sqlite3.Error) else StoreBusyError(str(error))
        asked: list[asyncio.Future[Any]] = [entry[1] for entry in self._operations]
        asked += [entry[1] for entry in self._waiting]
        self._operations.clear()
        self._waiting.clear()
        for future in asked:
            if not future.done():
                future.set_exception(known)

    def _opened(self) -> None:
        self._state, self._count, self._began = "open", 0, self._clock.elapsed()
        try:
            self._hooks.opened(self.connection)
        except sqlite3.Error as error:
            self._abandon(error)
        else:
            self._advance()

    def _advance(self) -> None:
        if self._state != "open" or self._holder is not None:
            return
        while self._operations and not self._full:
            operation, future, durable, _ = self._operations.popleft()
            self._run(operation, future, durable=durable)
            if self._state != "open":
                return
        while self._waiting and not self._full:
            holder, waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(self._seat(holder))
                # Only after its waking: who was woken works on until the loop has turned.
                self._close_soon()
                return
        if self._full:
            self._commit()
        else:
            self._close_soon()

    def _run(self, operation: Operation, future: "asyncio.Future[Any]", *, durable: bool) -> None:
        try:
            result = self._guarded(operation, looks=durable)
        except Exception as error:  # noqa: BLE001 - handed to who asked
            if not future.done():
                future.set_exception(translated(error, self._path) if isinstance(error, sqlite3.Error) else error)
        else:
            if durable:
                self._durable.append((future, result))
            elif not future.done():
                future.set_result(result)

    def _guarded(self, operation: Operation, *, looks: bool = False) -> Any:
        """Run an operation so that its failure undoes only itself; who `looks` finds written what was put off."""
        self._count += 1
        try:
            if looks:
                self._hooks.looked_at(self.connection)
            return operation(self.connection)
        except sqlite3.Error as error:
            if not self.connection.in_transaction:
                self._abandon(error)
            raise

    def _seat(self, holder: Holder) -> sqlite3.Connection:
        self._transactions.begin_turn()
        self._holder = holder
        self._watch.begin(holder)
        self._count += 1
        return self.connection

    def _unseat(self) -> None:
        self._holder = None
        self._watch.end()
        if self._turned:
            self._advance()

    def _close_soon(self) -> None:
        if not self._closing_soon:
            self._closing_soon = True
            self._turned = False
            self._loop.call_soon(self._maybe_close)

    def _maybe_close(self) -> None:
        self._closing_soon = False
        self._turned = True
        if self._state != "open" or self._holder is not None:
            return
        if (self._operations or self._waiting) and not self._full:
            self._advance()
        else:
            self._commit()

    def _commit(self, *, here: bool = False) -> None:
        self._state = "closing"
        try:
            self._hooks.closing(self.connection)
            if here:
                self._transactions.commit_now()
        except sqlite3.Error as error:
            self._abandon(error)
            return
        if here:
            self._committed(None)
        else:
            self._transactions.commit_aside(self._count, self._committed)

    def _committed(self, error: BaseException | None) -> None:
        if error is not None:
            self._abandon(error)
            return
        self._state = "idle"
        durable, self._durable = self._durable, []
        self._hooks.committed()
        for future, result in durable:
            if not future.done():
                future.set_result(result)
        self._kick()

    def _abandon(self, error: BaseException) -> None:
        """The group cannot be made durable: undo all of it and tell everybody."""
        self._transactions.roll_back()
        self._state = "idle"
        known = translated(error, self._path) if isinstance(error, sqlite3.Error) else StoreError(str(error))
        durable, self._durable = self._durable, []
        holder, self._holder = self._holder, None
        self._watch.end()
        if holder is not None:
            holder.revoke(str(known))
        self._hooks.undone(known)
        for future, _ in durable:
            if not future.done():
                future.set_exception(known)
        self._loop.call_soon(self._kick)

    def _check_usable(self) -> None:
        if self._closed or os.getpid() != self._pid:
            why = "is closed" if self._closed else "was opened before this process forked; a child must open it anew"
            raise ClosedError(" ".join((str(self._path), why)))
