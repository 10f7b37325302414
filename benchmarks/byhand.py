"""By hand: the limit on SQLite. What a careful programmer writes for exactly these two jobs, and nothing else.

Senders wait for a durable acknowledgement; whatever waits is committed together; each handler runs once, in a
savepoint of its own, in the transaction that also writes its outcome and takes the message away. Statements run on the
loop's thread, COMMIT on a second one.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import msgspec

from benchmarks.words import PlaceOrder, Receipt

TABLES = """
CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE outcome (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE state (id TEXT NOT NULL, cents INTEGER NOT NULL);
"""

Handler = Callable[[PlaceOrder, sqlite3.Connection], Awaitable[Receipt]]


async def place(order: PlaceOrder, connection: sqlite3.Connection) -> Receipt:
    """The handler: one row."""
    connection.execute("INSERT INTO state (id, cents) VALUES (?, ?)", (order.order_id, order.cents))
    return Receipt(total=order.cents)


class Loop:
    """One file, one transaction at a time."""

    def __init__(self, path: Path, handler: Handler | None, batch: int) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.executescript("" if _has_tables(self.connection) else TABLES)
        self.handled = 0
        self._handler = handler
        self._batch = batch
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._commits, daemon=True)
        self._thread.start()
        self._wake = asyncio.Event()
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(PlaceOrder).decode

    async def send(self, order: PlaceOrder) -> None:
        """Return when it is durable."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((self._encode(order), done))
        self._wake.set()
        await done

    async def run(self, until: int) -> None:
        """Turn after turn, until so many are handled (0: until cancelled)."""
        execute = self.connection.execute
        while until == 0 or self.handled < until:
            rows = self._claim()
            if not rows and not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                # The other senders that are ready come along.
                await asyncio.sleep(0)
            execute("BEGIN IMMEDIATE")
            waiting, self._waiting = self._waiting, []
            for body, _ in waiting:
                execute("INSERT INTO message (body) VALUES (?)", (body,))
            for seq, body in rows:
                await self._handle(seq, body)
            await self._commit()
            for _, done in waiting:
                done.set_result(None)
            # The senders that go on at once belong to the next turn.
            await asyncio.sleep(0)
            self.handled += len(rows)

    def close(self) -> None:
        """End the thread."""
        self._jobs.put(None)
        self._thread.join()
        self.connection.close()

    def _claim(self) -> list[tuple[int, bytes]]:
        if self._handler is None:
            return []
        query = "SELECT seq, body FROM message ORDER BY seq LIMIT ?"
        return self.connection.execute(query, (self._batch,)).fetchall()

    async def _handle(self, seq: int, body: bytes) -> None:
        execute = self.connection.execute
        assert self._handler is not None
        execute("SAVEPOINT one")
        try:
            outcome = await self._handler(self._decode(body), self.connection)
            execute("INSERT INTO outcome (seq, body) VALUES (?, ?)", (seq, self._encode(outcome)))
            execute("DELETE FROM message WHERE seq = ?", (seq,))
        except BaseException:
            execute("ROLLBACK TO one")
            raise
        finally:
            execute("RELEASE one")

    async def _commit(self) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self._jobs.put(done)
        await done

    def _commits(self) -> None:
        while (done := self._jobs.get()) is not None:
            self.connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(done.set_result, None)


def _has_tables(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'message'").fetchone())


def rows_of(path: Path) -> tuple[int, int]:
    """How many rows of state there are, and of how many orders."""
    connection = sqlite3.connect(path)
    found: tuple[Any, ...] = connection.execute("SELECT count(*), count(DISTINCT id) FROM state").fetchone()
    connection.close()
    return found[0], found[1]
