"""Retention: what is forgotten, and when; in batches, so that nobody waits long for it."""

from datetime import timedelta

import msgspec

from tense.adapters.stores.postgres.core import Core

BATCH = 2_000
"""Rows forgotten by one statement."""

ROUNDS = 100
"""Batches in one go at most."""

OLD_COMMANDS = """
DELETE FROM tense.command WHERE seq IN (
    SELECT seq FROM tense.command WHERE state = 3 AND ended < $1 ORDER BY ended LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

OLD_EVENTS = """
DELETE FROM tense.log WHERE pos IN (
    SELECT l.pos FROM tense.log AS l WHERE l.accepted < $1
    AND NOT EXISTS (SELECT 1 FROM tense.exception AS e WHERE e.pos = l.pos)
    AND NOT EXISTS (
        SELECT 1 FROM tense.consumer AS c JOIN tense.lane AS p ON p.consumer = c.name
        WHERE c.channel = l.channel AND c.kind = 'subscription' AND p.lane = l.lane AND (p.xid, p.pos) < (l.xid, l.pos)
        AND EXISTS (SELECT 1 FROM tense.subscribed AS s WHERE s.consumer = c.name AND s.type = l.type))
    ORDER BY l.pos LIMIT $2)
"""

OLD_MARKS = """
DELETE FROM tense.mark WHERE (consumer, id, redriven) IN (
    SELECT consumer, id, redriven FROM tense.mark WHERE ended < $1 ORDER BY ended LIMIT $2)
"""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept after they ended.

    `outcomes`: an ended command, its outcome and with it the mark that knows a duplicate; and the marks of what
    another store delivered. `events`: a logged event that every subscription has passed; None keeps the log for ever,
    for subscriptions yet to come.
    """

    outcomes: timedelta = timedelta(days=7)
    events: timedelta | None = None


async def prune(core: Core, retention: Retention, now: float) -> int:
    """Forget what is old enough; how many rows went."""
    before = now - retention.outcomes.total_seconds()
    gone = await _batches(core, OLD_COMMANDS, before) + await _batches(core, OLD_MARKS, before)
    if retention.events is not None:
        gone += await _batches(core, OLD_EVENTS, now - retention.events.total_seconds())
    return gone


async def _batches(core: Core, statement: str, before: float) -> int:
    gone = 0
    for _ in range(ROUNDS):
        status = await core.run(lambda connection: connection.execute(core.sql(statement), before, BATCH))
        count = int(status.rpartition(" ")[2])
        gone += count
        if count < BATCH:
            break
    return gone
