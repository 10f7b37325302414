"""Settling: the rows that each settlement leaves, for one delivery or for many in a few statements."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from tense.adapters.stores.postgres.core import Core, encode
from tense.adapters.stores.postgres.exceptional import MOVE_ONE, put_back, settle_slowly
from tense.adapters.stores.postgres.intake import Intake
from tense.adapters.stores.postgres.marks import place_of, put_marks
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.positions import unpacked
from tense.adapters.stores.postgres.tidings import Tidings
from tense.errors import LeaseLostError
from tense.messages.envelope import Envelope, is_subscription
from tense.messages.settlement import Done, Released, Settlement
from tense.ports.delivery import Delivery, Lease

DONE = """
WITH given AS (
    SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[], $4::int[], $5::bigint[])
        AS g(seq, outcome, consumer, lane, token)
), fence AS (
    SELECT l.consumer, l.lane, l.token FROM tense.lane AS l
    WHERE (l.consumer, l.lane, l.token) IN (SELECT consumer, lane, token FROM given)
    ORDER BY l.consumer, l.lane FOR SHARE
)
UPDATE tense.command AS c SET state = 3, outcome = g.outcome, ended = $6
FROM given AS g JOIN fence AS f ON f.consumer = g.consumer AND f.lane = g.lane AND f.token = g.token
WHERE c.seq = g.seq AND c.state IN (0, 1, 2) RETURNING c.seq
"""
"""The lane's row is locked for sharing: who would take the lane waits until this is committed."""

DONE_ONE = """
WITH fence AS (
    SELECT 1 AS held FROM tense.lane WHERE consumer = $3 AND lane = $4 AND token = $5 FOR SHARE
)
UPDATE tense.command SET state = 3, outcome = $2, ended = $6
WHERE seq = $1 AND state IN (0, 1, 2) AND (SELECT held FROM fence) = 1 RETURNING seq
"""
"""The same for a single one, in words that leave a planner nothing to weigh: every connection keeps its plan."""

MOVE = """
UPDATE tense.lane AS l SET xid = greatest(l.xid, g.xid),
    pos = CASE WHEN (l.xid, l.pos) < (g.xid, g.pos) THEN g.pos ELSE l.pos END
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[]) AS g(consumer, lane, token, xid, pos)
WHERE l.consumer = g.consumer AND l.lane = g.lane AND l.token = g.token RETURNING l.consumer, l.lane
"""

FENCE = """
SELECT l.consumer, l.lane, l.token FROM tense.lane AS l
WHERE (l.consumer, l.lane) IN (SELECT * FROM unnest($1::text[], $2::int[])) ORDER BY l.consumer, l.lane FOR UPDATE
"""


class Ending(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """How one delivery ends, and what it leaves."""

    delivery: Delivery
    lease: Lease
    settlement: Settlement
    outgoing: Sequence[Envelope]

    @property
    def lane(self) -> tuple[str, int]:
        """The lane it belongs to."""
        return (self.delivery.consumer, self.delivery.lane)

    @property
    def outcome(self) -> bytes | None:
        """The outcome that is kept, encoded."""
        outcome = self.settlement.outcome if isinstance(self.settlement, Done) else None
        return None if outcome is None else encode(outcome)

    @property
    def is_event(self) -> bool:
        """Whether it is of a subscription of this store."""
        return is_subscription(self.delivery.consumer) and not self.is_elsewhere

    @property
    def is_elsewhere(self) -> bool:
        """Whether another store delivered it: a mark is all it leaves here."""
        return self.delivery.origin == "elsewhere"

    @property
    def is_plain(self) -> bool:
        """Whether its mark is all it leaves in its own consumer: no exception, nothing held back."""
        delivery = self.delivery
        if not isinstance(self.settlement, Done) or delivery.origin != "backlog":
            return False
        return not self.is_event or not (delivery.alone or delivery.attempt > 1)


class Settling:
    """Writes endings within an open transaction."""

    def __init__(self, core: Core, intake: Intake) -> None:
        self._core = core
        self._intake = intake

    async def write(self, connection: Connection, endings: Sequence[Ending], tidings: Tidings) -> None:
        """Write endings of one sort (plain, of another store, or neither), in order, with their outgoing messages.

        Raises:
            LeaseLostError: one of them may not be written; the transaction must be undone.
            DuplicateIdError: an outgoing id was used before with another body; likewise.
            RefusedWriteError: an outgoing message has content that the database cannot keep; likewise.
        """
        await self.send(connection, endings, tidings)
        if endings[0].is_plain:
            written = await self.mark(connection, endings, tidings)
            for ending in endings:
                if ending not in written:
                    raise lost(ending)
            return
        if endings[0].is_elsewhere:
            await self._put_marks(connection, endings)
            return
        await self._fence(connection, endings)
        await self._write_slowly(connection, endings, tidings)

    async def send(self, connection: Connection, endings: Sequence[Ending], tidings: Tidings) -> None:
        """Write the outgoing messages of endings; raises what `write` does."""
        for ending in endings:
            if ending.lease.lost:
                raise lost(ending)
        if outgoing := [envelope for ending in endings for envelope in ending.outgoing]:
            await self._intake.put(connection, outgoing, tidings)

    async def _write_slowly(self, connection: Connection, endings: Sequence[Ending], tidings: Tidings) -> None:
        # Who leaves a lane puts back hundreds at once, and others wait for it.
        released = {ending for ending in endings if isinstance(ending.settlement, Released) and not ending.is_event}
        if released:
            await put_back(connection, self._core, [ending.delivery for ending in released])
        for ending in endings:
            if ending not in released:
                held = ending.delivery, ending.lease
                await settle_slowly(connection, self._core, tidings, held, ending.settlement)

    async def _put_marks(self, connection: Connection, endings: Sequence[Ending]) -> None:
        new = await put_marks(connection, self._core, [(ending.delivery, ending.settlement) for ending in endings])
        for ending in endings:
            if place_of(ending.delivery) not in new:
                raise lost(ending)

    async def mark(self, connection: Connection, endings: Sequence[Ending], tidings: Tidings) -> set[Ending]:
        """Write the marks of plain endings, one statement for each kind; those that could be written."""
        commands, events = marked(endings)
        written = set(endings).difference(commands, events)
        if commands:
            written |= await self._done(connection, commands, tidings)
        if events:
            written |= await self._move(connection, events)
        return written

    async def _done(self, connection: Connection, endings: Sequence[Ending], tidings: Tidings) -> set[Ending]:
        values = [(ending.delivery.position, ending.outcome, *ending.lane, ending.lease.token) for ending in endings]
        rows = await self._one_or_all(connection, (DONE_ONE, DONE), values, self._core.around.clock.now())
        through = {row[0] for row in rows}
        written = {ending for ending in endings if ending.delivery.position in through}
        note_outcomes(written, tidings)
        return written

    async def _move(self, connection: Connection, endings: Sequence[Ending]) -> set[Ending]:
        rows = await self._one_or_all(connection, (MOVE_ONE, MOVE), places(endings))
        moved = {(row[0], row[1]) for row in rows}
        return {ending for ending in endings if ending.lane in moved}

    async def _one_or_all(
        self, connection: Connection, statements: tuple[str, str], values: Sequence[tuple[Any, ...]], *more: Any
    ) -> list[Any]:
        one, many = statements
        if len(values) == 1:
            return list(await connection.fetch(self._core.sql(one), *values[0], *more))
        return list(await connection.fetch(self._core.sql(many), *zip(*values, strict=True), *more))

    async def _fence(self, connection: Connection, endings: Sequence[Ending]) -> None:
        lanes = sorted({ending.lane for ending in endings})
        rows = await connection.fetch(self._core.sql(FENCE), [name for name, _ in lanes], [lane for _, lane in lanes])
        tokens = {(row[0], row[1]): row[2] for row in rows}
        for ending in endings:
            if tokens.get(ending.lane) != ending.lease.token:
                raise lost(ending)


def lost(ending: Ending) -> LeaseLostError:
    """What is raised for an ending that may not be written."""
    delivery = ending.delivery
    text = (
        f"{delivery.metadata.type} {delivery.metadata.id} cannot be settled: lane {delivery.lane} of "
        f"{delivery.consumer} belongs to another worker now, or somebody else ended it"
    )
    return LeaseLostError(text)


def marked(endings: Sequence[Ending]) -> tuple[list[Ending], list[Ending]]:
    """Of plain endings those of commands, and those of events whose lane has a mark.

    A replay runs under a lease of its own making, which has no token, and moves no mark.
    """
    commands: list[Ending] = []
    events: list[Ending] = []
    for ending in endings:
        if not ending.is_event:
            commands.append(ending)
        elif ending.lease.token:
            events.append(ending)
    return commands, events


def places(events: Sequence[Ending]) -> list[tuple[Any, ...]]:
    """How far each lane is through with these: consumer, lane, token, transaction, position; sorted."""
    last = {ending.lane: ending for ending in events}
    ordered = [last[lane] for lane in sorted(last)]
    return [(*ending.lane, ending.lease.token, *unpacked(ending.delivery.position)) for ending in ordered]


def note_outcomes(commands: Iterable[Ending], tidings: Tidings) -> None:
    """Whoever waits for the outcome of one of these may know it."""
    for ending in commands:
        settlement = ending.settlement
        if isinstance(settlement, Done) and settlement.outcome is not None:
            tidings.told.append((ending.delivery.metadata.id, settlement.outcome))
