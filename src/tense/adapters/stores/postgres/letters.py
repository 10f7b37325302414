"""The dead letters: list, put back, forget."""

from collections.abc import Sequence
from typing import Any

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.strands import go_on
from tense.adapters.stores.postgres.tidings import Tidings
from tense.messages.envelope import is_subscription
from tense.ports.records import DeadLetter

LIST = """
SELECT d.number, d.id, d.consumer, d.kind, d.type, d.key, d.reason, d.error, d.traceback, d.attempts, d.accepted,
       d.died, d.redriven, d.headers, d.body,
       CASE WHEN d.strand IS NULL THEN 0
            WHEN d.consumer LIKE '%<%' THEN (
                SELECT count(*) FROM tense.exception AS e
                WHERE e.consumer = d.consumer AND e.lane = d.lane AND e.strand = d.strand AND e.state = 2)
            ELSE (
                SELECT count(*) FROM tense.command AS c
                WHERE c.service = d.consumer AND c.lane = d.lane AND c.strand = d.strand AND c.state = 2)
       END
FROM tense.dead AS d WHERE d.number > $1 AND ($2::text IS NULL OR d.consumer = $2) ORDER BY d.number LIMIT $3
"""

LOCK = """
SELECT 1 FROM tense.lane AS l JOIN tense.dead AS d ON d.consumer = l.consumer AND d.lane = l.lane
WHERE d.number = $1 FOR UPDATE OF l
"""

AGAIN_EVENT = """
UPDATE tense.exception SET state = 1, due = $1, attempts = 0, released = 0, claimed = 0, redriven = redriven + 1
WHERE consumer = $2 AND pos = $3
"""

AGAIN_COMMAND = """
UPDATE tense.command SET state = 1, due = $1, attempts = 0, failed = 0, released = 0, outcome = NULL, ended = NULL, claimed = 0,
    redriven = redriven + 1
WHERE id = $2 AND state = 4
"""


class Letters:
    """Lists dead letters and does with them what somebody decided."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def dead(self, consumer: str | None, after: int, limit: int) -> list[DeadLetter]:
        """Dead letters in the order they died."""
        query = self._core.sql(LIST)
        rows = await self._core.run(lambda connection: connection.fetch(query, after, consumer, limit))
        return [DeadLetter(**dict(zip(DeadLetter.__struct_fields__, row, strict=True))) for row in rows]

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back to where they came from."""
        return await self._each(numbers, now)

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters; what was held behind them goes on."""
        return await self._each(numbers, None)

    async def _each(self, numbers: Sequence[int], now: float | None) -> int:
        done = 0
        for number in numbers:
            tidings = Tidings()

            async def one(connection: Connection, number: int = number, tidings: Tidings = tidings) -> bool:
                return await self._one(connection, number, now, tidings)

            if await self._core.within(one):
                done += 1
                self._core.publish(tidings)
        return done

    async def _one(self, connection: Connection, number: int, now: float | None, tidings: Tidings) -> bool:
        core = self._core
        await connection.fetch(core.sql(LOCK), number)
        row = await connection.fetchrow(
            core.sql("DELETE FROM tense.dead WHERE number = $1 RETURNING consumer, pos, lane, strand, id"), number
        )
        if row is None:
            return False
        if now is None:
            await self._forget(connection, row, tidings)
            return True
        if is_subscription(row[0]):
            await connection.execute(core.sql(AGAIN_EVENT), now, row[0], row[1])
        else:
            await connection.execute(core.sql(AGAIN_COMMAND), now, row[4])
        tidings.plan(row[0], now)
        return True

    async def _forget(self, connection: Connection, row: Sequence[Any], tidings: Tidings) -> None:
        consumer, pos, lane, strand, message_id = row
        core = self._core
        if is_subscription(consumer):
            statement = core.sql("DELETE FROM tense.exception WHERE consumer = $1 AND pos = $2")
            await connection.execute(statement, consumer, pos)
        else:
            statement = core.sql("UPDATE tense.command SET state = 3 WHERE id = $1 AND state = 4")
            await connection.execute(statement, message_id)
        await go_on(connection, core, tidings, (consumer, lane), strand)
