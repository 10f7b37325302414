"""Retention: what is forgotten, and when."""

import sqlite3
from datetime import timedelta

import msgspec

BATCH = 2_000
"""How many rows are forgotten at once, so that nobody waits long for it."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long things are kept after they ended.

    `outcomes`: an ended command, its outcome and with it the mark that knows a duplicate; and the marks of what another
    store delivered. `events`: a logged event that every
    subscription has passed; None keeps the log for ever, for subscriptions yet to come.
    """

    outcomes: timedelta = timedelta(days=7)
    events: timedelta | None = None


def prune(connection: sqlite3.Connection, retention: Retention, now: float) -> int:
    """Forget one batch of what is old enough; how many rows went.

    The newest command stays: SQLite would give its number again, and readers are past that number already.
    """
    before = now - retention.outcomes.total_seconds()
    gone = connection.execute(
        "DELETE FROM tense_command WHERE seq IN (SELECT seq FROM tense_command WHERE accepted < ? AND state = 3 "
        "AND ended < ? AND seq < (SELECT max(seq) FROM tense_command) ORDER BY seq LIMIT ?)",
        (before, before, BATCH),
    ).rowcount
    gone += connection.execute(
        "DELETE FROM tense_mark WHERE (consumer, id, redriven) IN "
        "(SELECT consumer, id, redriven FROM tense_mark WHERE ended < ? ORDER BY ended LIMIT ?)",
        (before, BATCH),
    ).rowcount
    if retention.events is not None:
        gone += _prune_log(connection, now - retention.events.total_seconds())
    return gone


def _prune_log(connection: sqlite3.Connection, before: float) -> int:
    """Events that every subscription of their channel has passed, in order and with no exception to them."""
    return connection.execute(
        "DELETE FROM tense_log WHERE pos IN (SELECT l.pos FROM tense_log AS l WHERE l.accepted < ? "
        "AND NOT EXISTS (SELECT 1 FROM tense_exception AS e WHERE e.pos = l.pos) "
        "AND NOT EXISTS (SELECT 1 FROM tense_consumer AS c JOIN tense_lane AS p ON p.consumer = c.name "
        "WHERE c.channel = l.channel AND c.kind = 'subscription' AND p.lane = l.lane AND p.pos < l.pos "
        "AND EXISTS (SELECT 1 FROM tense_subscribed AS s WHERE s.consumer = c.name AND s.type = l.type)) "
        "ORDER BY l.pos LIMIT ?)",
        (before, BATCH),
    ).rowcount
