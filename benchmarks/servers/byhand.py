"""By hand: the limit on PostgreSQL. What a careful programmer writes for exactly these two jobs, and nothing else.

Senders wait for a durable acknowledgement, and whatever waits is one statement. A batch is claimed, each handler awaits
its own INSERT, outcomes and removal are one statement, one COMMIT for all. One that fails would undo all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec

from benchmarks.words import PlaceOrder, Receipt

TABLES = """
CREATE TABLE message (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, body bytea NOT NULL);
CREATE TABLE outcome (seq bigint PRIMARY KEY, body bytea NOT NULL);
"""
PUT = """
INSERT INTO message (id, body) SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT (id) DO NOTHING
"""
CLAIM = "SELECT seq, body FROM message ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED"
WRITE = "INSERT INTO state (id, cents) VALUES ($1, $2)"
END = """
WITH told AS (INSERT INTO outcome (seq, body) SELECT * FROM unnest($1::bigint[], $2::bytea[]))
DELETE FROM message WHERE seq = ANY($1::bigint[])
"""

Handler = Callable[[PlaceOrder, "asyncpg.Connection"], Awaitable[Receipt]]


async def place(order: PlaceOrder, connection: "asyncpg.Connection") -> Receipt:
    """The handler: one row."""
    await connection.execute(WRITE, order.order_id, order.cents)
    return Receipt(total=order.cents)


class Intake:
    """Takes messages in: whatever waits goes together."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection
        self._encode = msgspec.json.Encoder().encode
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def send(self, order: PlaceOrder) -> None:
        """Return when it is durable."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((order.order_id, self._encode(order), done))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await done

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._connection.execute(PUT, [entry[0] for entry in batch], [entry[1] for entry in batch])
            for _, _, done in batch:
                done.set_result(None)
            # The senders that go on at once belong to the next statement.
            await asyncio.sleep(0)
        self._task = None


async def handle_all(connection: "asyncpg.Connection", handler: Handler, batch: int) -> int:
    """Batch after batch, until nothing is left; how many."""
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(PlaceOrder).decode
    handled = 0
    while True:
        await connection.execute("BEGIN")
        rows = await connection.fetch(CLAIM, batch)
        outcomes = [encode(await handler(decode(body), connection)) for _, body in rows]
        await connection.execute(END, [row[0] for row in rows], outcomes)
        await connection.execute("COMMIT")
        handled += len(rows)
        if len(rows) < batch:
            return handled
