"""Pool: connections that are taken and given back without a word to the server."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from tense.adapters.stores.postgres.session import Session
from tense.adapters.stores.postgres.trouble import GONE
from tense.errors import ClosedError

Connection: TypeAlias = Session

PATIENCE = 2.0
"""Seconds that closing waits for what is in use."""


FULL = 5.0
"""Seconds until a server that had no more connections to give is asked again."""


class Pool:
    """At most `most` connections, made when they are needed. In order of asking.

    The driver's own pool resets a connection each time it comes back, which is a round trip for each message; here a
    connection that comes back within a transaction is thrown away instead.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], most: int) -> None:
        self._connect = connect
        self.most = most
        self._idle: list[Connection] = []
        self._all: set[Connection] = set()
        self._making = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False
        self._full_until = 0.0
        self._last: asyncio.Future[None] | None = None

    async def take(self) -> Connection:
        """A connection of one's own until it is given back.

        Raises:
            OSError, asyncpg.PostgresError: none can be made.
            ClosedError: the pool is closed.
        """
        while not self._closed:
            if (found := self._ready()) is not None:
                return found
            if self._may_grow():
                try:
                    return await self._make()
                except asyncpg.TooManyConnectionsError:
                    if not self._all:
                        raise
                    # Others have what is left: those that are here must do, until it is worth another try.
                    self._full_until = asyncio.get_running_loop().time() + FULL
                    continue
            waiting: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            try:
                handed = await waiting
            except asyncio.CancelledError:
                if waiting.done() and not waiting.cancelled():
                    # What came in the same moment is the next one's: a connection, or room for another.
                    if (late := waiting.result()) is None:
                        self._wake(None)
                    else:
                        self.give(late)
                raise
            if handed is not None and not handed.is_closed():
                return handed
        text = "the store is closed"
        raise ClosedError(text)

    def give(self, connection: Connection) -> None:
        """Give a connection back; one that is closed or within a transaction is thrown away."""
        if connection.is_closed() or connection.is_in_transaction():
            self._all.discard(connection)
            connection.terminate()
            self._wake(None)
        elif not self._wake(connection):
            self._idle.append(connection)
        if self._last is not None and not self._last.done() and len(self._all) == len(self._idle):
            self._last.set_result(None)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection while the block runs."""
        connection = await self.take()
        try:
            yield connection
        except (*GONE, asyncio.CancelledError):
            # A connection that the server ended may not know it yet, and one with an answer to come is of no use to others.
            connection.terminate()
            raise
        finally:
            self.give(connection)

    async def close(self) -> None:
        """Wait a moment for what is in use, close what is idle, drop the rest."""
        self._closed = True
        while self._wake(None):
            pass
        if len(self._all) > len(self._idle):
            self._last = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._last], timeout=PATIENCE)
        await asyncio.gather(*(self._end(connection) for connection in list(self._all)))
        self._all.clear()
        self._idle.clear()

    async def _end(self, connection: Connection) -> None:
        if connection in self._idle and not connection.is_closed():
            try:
                await connection.close(timeout=PATIENCE)
            except (asyncpg.PostgresError, *GONE):
                connection.terminate()
        else:
            connection.terminate()

    def _may_grow(self) -> bool:
        if self._all and asyncio.get_running_loop().time() < self._full_until:
            return False
        return len(self._all) + self._making < self.most

    def _ready(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            self._all.discard(connection)
        return None

    async def _make(self) -> Connection:
        self._making += 1
        try:
            connection = await self._connect()
        except BaseException:
            self._making -= 1
            self._wake(None)
            raise
        self._making -= 1
        if self._closed:
            connection.terminate()
            text = "the store was closed meanwhile"
            raise ClosedError(text)
        self._all.add(connection)
        return connection

    def _wake(self, connection: Connection | None) -> bool:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(connection)
                return True
        return False
