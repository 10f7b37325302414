"""What became of commands, and the dead letters."""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any

from tense.adapters.stores.sqlite.backlog import metadata_of
from tense.adapters.stores.sqlite.core import OUTCOME, Core, encode
from tense.adapters.stores.sqlite.intake import Intake
from tense.adapters.stores.sqlite.strands import COMMANDS, EXCEPTIONS, go_on, table_of
from tense.messages.envelope import is_subscription
from tense.messages.outcome import Outcome
from tense.ports.delivery import Delivery
from tense.ports.records import DeadLetter, Standing
from tense.ports.store import Tell

STATES = {0: "waiting", 1: "scheduled", 2: "held back", 3: "ended", 4: "dead"}

STANDING = """
SELECT id, type, service, state, attempts, accepted, deadline, outcome FROM tense_command WHERE id = ?
"""

CANCELLABLE = """
SELECT seq, service, lane, headers, body, redriven, strand FROM tense_command
WHERE id = ? AND state IN (0, 1, 2) AND attempts = failed
"""
"""What was handed out and did not come back is in hands somewhere, or its worker died with it: that is started."""

LETTERS = """
SELECT number, id, consumer, kind, type, key, reason, error, traceback, attempts, accepted, died, redriven, headers, body,
       lane, strand
FROM tense_dead WHERE number > ? AND (? IS NULL OR consumer = ?) ORDER BY number LIMIT ?
"""


ENDED = """
SELECT id, outcome FROM tense_command WHERE outcome IS NOT NULL AND id IN (SELECT value FROM json_each(?))
"""
"""Those of the watched commands that ended. One statement, for there may be a thousand and somebody writes all the time."""


class Ledger:
    """Answers where commands stand, and ends them when asked."""

    def __init__(self, core: Core, intake: Intake) -> None:
        self._core = core
        self._intake = intake

    def standing(self, message_id: str) -> Standing | None:
        """Where a command stands."""
        row = self._core.read().execute(STANDING, (message_id,)).fetchone()
        if row is None:
            return None
        return Standing(
            id=row[0],
            type=row[1],
            service=row[2],
            state=STATES[row[3]],
            attempts=row[4],
            accepted=row[5],
            deadline=row[6],
            outcome=None if row[7] is None else OUTCOME.decode(row[7]),
        )

    def watch(self, message_id: str) -> "asyncio.Future[Outcome]":
        """A future that ends with the outcome."""
        core = self._core
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        row = core.read().execute("SELECT outcome FROM tense_command WHERE id = ?", (message_id,)).fetchone()
        if row is not None and row[0] is not None:
            future.set_result(OUTCOME.decode(row[0]))
        else:
            core.watching.setdefault(message_id, []).append(future)
            future.add_done_callback(lambda done: self._unwatch(message_id, done))
        return future

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started."""

        def operation(connection: sqlite3.Connection) -> bool:
            row = connection.execute(CANCELLABLE, (message_id,)).fetchone()
            if row is None:
                return False
            # What this raises undoes nothing, so nothing is written before it.
            if (told := tell(_delivery(row, message_id), outcome)) is not None:
                self._intake.put(connection, told)
            ended = (encode(outcome), self._core.around.clock.now(), row[0])
            connection.execute("UPDATE tense_command SET state = 3, outcome = ?, ended = ? WHERE seq = ?", ended)
            self._core.told.append((message_id, outcome))
            strand = row[6] or metadata_of(row[3], message_id).partitionkey
            go_on(connection, self._core, COMMANDS, (row[1], row[2]), strand)
            return True

        return bool(await self._core.writer.submit(operation))

    def look(self) -> None:
        """See whether commands that are watched here ended elsewhere."""
        core = self._core
        for message_id, outcome in core.read().execute(ENDED, (encode(list(core.watching)).decode(),)).fetchall():
            core.conclude(message_id, OUTCOME.decode(outcome))

    def _unwatch(self, message_id: str, done: "asyncio.Future[Outcome]") -> None:
        futures = self._core.watching.get(message_id)
        if futures is not None and done in futures:
            futures.remove(done)
            if not futures:
                del self._core.watching[message_id]


def _delivery(row: Sequence[Any], message_id: str) -> Delivery:
    metadata = metadata_of(row[3], message_id)
    return Delivery(consumer=row[1], lane=row[2], position=row[0], metadata=metadata, body=row[4], redriven=row[5])


class Letters:
    """The dead letters: list, put back, forget."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> list[DeadLetter]:
        """Dead letters in the order they died."""
        connection = self._core.read()
        rows = connection.execute(LETTERS, (after, consumer, consumer, limit)).fetchall()
        return [self._letter(connection, row) for row in rows]

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back to where they came from."""
        done: int = await self._core.writer.submit(
            lambda connection: sum(self._redrive(connection, number, now) for number in numbers)
        )
        return done

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters."""
        done: int = await self._core.writer.submit(
            lambda connection: sum(self._drop(connection, number) for number in numbers)
        )
        return done

    def _letter(self, connection: sqlite3.Connection, row: Sequence[Any]) -> DeadLetter:
        held = 0
        if row[16] is not None:
            table = table_of(row[2])
            query = (
                f"SELECT count(*) FROM {table.name} WHERE {table.owner} = ? AND lane = ? AND strand = ? "  # noqa: S608 - words of Table
                "AND state = 2"
            )
            held = connection.execute(query, (row[2], row[15], row[16])).fetchone()[0]
        return DeadLetter(
            number=row[0],
            id=row[1],
            consumer=row[2],
            kind=row[3],
            type=row[4],
            key=row[5],
            reason=row[6],
            error=row[7],
            traceback=row[8],
            attempts=row[9],
            accepted=row[10],
            died=row[11],
            redriven=row[12],
            headers=row[13],
            body=row[14],
            holds_back=held,
        )

    def _redrive(self, connection: sqlite3.Connection, number: int, now: float) -> int:
        place = self._take(connection, number)
        if place is None:
            return 0
        consumer, position, _, _ = place
        if is_subscription(consumer):
            connection.execute(
                "UPDATE tense_exception SET state = 1, due = ?, attempts = 0, failed = 0, released = 0, redriven = redriven + 1 "
                "WHERE consumer = ? AND pos = ?",
                (now, consumer, position),
            )
        else:
            connection.execute(
                "UPDATE tense_command SET state = 1, due = ?, attempts = 0, failed = 0, released = 0, outcome = NULL, "
                "ended = NULL, redriven = redriven + 1 WHERE seq = ? AND state = 4",
                (now, position),
            )
        self._core.plan(consumer, now)
        return 1

    def _drop(self, connection: sqlite3.Connection, number: int) -> int:
        place = self._take(connection, number)
        if place is None:
            return 0
        consumer, position, lane, strand = place
        if is_subscription(consumer):
            connection.execute("DELETE FROM tense_exception WHERE consumer = ? AND pos = ?", (consumer, position))
            go_on(connection, self._core, EXCEPTIONS, (consumer, lane), strand)
        else:
            connection.execute("UPDATE tense_command SET state = 3 WHERE seq = ? AND state = 4", (position,))
            go_on(connection, self._core, COMMANDS, (consumer, lane), strand)
        return 1

    def _take(self, connection: sqlite3.Connection, number: int) -> tuple[str, int, int, str | None] | None:
        row = connection.execute(
            "DELETE FROM tense_dead WHERE number = ? RETURNING consumer, position, lane, strand", (number,)
        ).fetchone()
        return None if row is None else (row[0], row[1], row[2], row[3])
