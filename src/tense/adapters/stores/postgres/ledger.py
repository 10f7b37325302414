"""What became of commands."""

import asyncio
from collections.abc import Sequence

from tense.adapters.stores.postgres.backlog import metadata_of
from tense.adapters.stores.postgres.core import OUTCOME, Core, encode
from tense.adapters.stores.postgres.gather import Entry, Gather
from tense.adapters.stores.postgres.intake import Intake
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.strands import go_on
from tense.adapters.stores.postgres.tidings import Tidings
from tense.errors import StoreError
from tense.messages.outcome import Outcome
from tense.ports.delivery import Delivery
from tense.ports.records import Standing
from tense.ports.store import Tell

STATES = {0: "waiting", 1: "scheduled", 2: "held back", 3: "ended", 4: "dead"}

STANDING = """
SELECT id, type, service, state, attempts, accepted, deadline, outcome FROM tense.command WHERE id = $1
"""

CANCELLABLE = """
SELECT seq, headers, body, redriven, strand FROM tense.command
WHERE id = $1 AND state IN (0, 1, 2) AND attempts = failed
"""

CANCEL = """
UPDATE tense.command SET state = 3, outcome = $2, ended = $3
WHERE id = $1 AND state IN (0, 1, 2) AND attempts = failed RETURNING seq
"""
"""What was handed out and did not come back is in hands somewhere, or its worker died with it: that is started."""


class Ledger:
    """Answers where commands stand, and ends them when asked."""

    def __init__(self, core: Core, intake: Intake) -> None:
        self._core = core
        self._intake = intake
        self._gather: Gather[str] = Gather(core, "watch", self._look)

    def standing(self, message_id: str) -> "asyncio.Future[Standing | None]":
        """Where a command stands."""
        return self._core.soon(self._standing(message_id), "tense standing")

    def watch(self, message_id: str) -> "asyncio.Future[Outcome]":
        """A future that ends with the outcome."""
        core = self._core
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        core.watching.setdefault(message_id, []).append(future)
        future.add_done_callback(lambda done: self._unwatch(message_id, done))
        self._gather.ask(message_id).add_done_callback(_seen)
        return future

    async def look(self) -> None:
        """See whether commands that are watched here ended elsewhere."""
        if ids := list(self._core.watching):
            await self._conclude(ids)

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started."""
        tidings = Tidings()

        async def end(connection: Connection) -> bool:
            core = self._core
            # The lane before the command: everybody locks in this order.
            place = await connection.fetchrow(
                core.sql(
                    "SELECT c.service, c.lane FROM tense.command AS c JOIN tense.lane AS l "
                    "ON l.consumer = c.service AND l.lane = c.lane WHERE c.id = $1 FOR UPDATE OF l"
                ),
                message_id,
            ) or await connection.fetchrow(
                core.sql("SELECT service, lane FROM tense.command WHERE id = $1"), message_id
            )
            row = await connection.fetchrow(core.sql(CANCELLABLE), message_id)
            if place is None or row is None:
                return False
            metadata = metadata_of(row[1], message_id)
            delivery = Delivery(
                consumer=place[0], lane=place[1], position=row[0], metadata=metadata, body=row[2], redriven=row[3]
            )
            # What this raises leaves the command as it was. It is not locked yet: a claim waits for whoever has locked one.
            told = tell(delivery, outcome)
            now = core.around.clock.now()
            if await connection.fetchrow(core.sql(CANCEL), message_id, encode(outcome), now) is None:
                return False
            if told is not None:
                await self._intake.put(connection, [told], tidings)
            tidings.told.append((message_id, outcome))
            await go_on(connection, core, tidings, (place[0], place[1]), row[4] or metadata.partitionkey)
            return True

        done = await self._core.within(end)
        if done:
            self._core.publish(tidings)
        return done

    async def _standing(self, message_id: str) -> Standing | None:
        query = self._core.sql(STANDING)
        row = await self._core.run(lambda connection: connection.fetchrow(query, message_id))
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

    async def _look(self, batch: "Sequence[Entry[str]]") -> None:
        await self._conclude([message_id for message_id, _ in batch])
        for _, future in batch:
            if not future.done():
                future.set_result(None)

    async def _conclude(self, ids: Sequence[str]) -> None:
        query = self._core.sql(
            "SELECT id, outcome FROM tense.command WHERE id = ANY($1::text[]) AND outcome IS NOT NULL"
        )
        for row in await self._core.run(lambda connection: connection.fetch(query, ids)):
            self._core.conclude(row[0], OUTCOME.decode(row[1]))

    def _unwatch(self, message_id: str, done: "asyncio.Future[Outcome]") -> None:
        futures = self._core.watching.get(message_id)
        if futures is not None and done in futures:
            futures.remove(done)
            if not futures:
                del self._core.watching[message_id]


def _seen(done: "asyncio.Future[None]") -> None:
    """A look that failed is made again at the next poll."""
    if not done.cancelled() and isinstance(done.exception(), StoreError):
        return
