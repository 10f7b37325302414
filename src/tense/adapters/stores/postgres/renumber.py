"""Renumbering: transaction ids of another cluster, which a dump brought here, are put before all of this one."""

import logging

from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.positions import START
from tense.adapters.stores.postgres.schema import in_schema

log = logging.getLogger("tense")

HIGHEST = """
SELECT greatest(
    (SELECT max(xid) FROM tense.lane),
    (SELECT max(xid) FROM (SELECT xid FROM tense.log ORDER BY pos DESC LIMIT 1000) AS newest)
) AS highest, pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next
"""
"""No row that this server numbered can have a number that it has not given out yet."""

LAST = """
SELECT greatest(
    (SELECT max(pos) FROM tense.log WHERE xid >= $1),
    (SELECT max(l.pos) FROM tense.log AS l, (SELECT pos, xid, xmin FROM tense.log ORDER BY pos LIMIT 1) AS first
     WHERE l.xmin = first.xmin AND NOT first.xid BETWEEN first.xmin::text::bigint - 1000 AND $1 - 1)
)
"""
"""The last event that the dump brought. What an outbox said here since stands behind it, under this server's numbers. A dump
is read back in one transaction for each table, so its rows have the first one's `xmin`, which is far from their `xid`; one
that was written here is near it (`xmin` may be of a savepoint). In doubt it was written here: twice is better than never."""

ALONE = "LOCK TABLE tense.log, tense.exception, tense.lane IN SHARE ROW EXCLUSIVE MODE"

LONG = 3600.0
"""Seconds that it may take: every event is written anew."""

SHIFTS = (
    "UPDATE tense.log SET xid = xid - $1 WHERE pos <= $2",
    "UPDATE tense.exception SET xid = xid - $1 WHERE pos <= $2",
)

CURSORS = f"UPDATE tense.lane SET xid = xid - $1 WHERE xid > {START}"  # noqa: S608 - a number


async def renumber(connection: Connection, schema: str, shown: str) -> None:
    """See whether events and cursors have numbers that this server never gave out; if so, put them below zero, in order.

    Otherwise what is said from now on would stand before every cursor, and be read by nobody.
    """
    if await _foreign(connection, schema) is None:
        return
    async with connection.transaction():
        lock = "SELECT pg_advisory_xact_lock(hashtext('tense migrate'), hashtext($1))"
        await connection.execute(lock, schema, timeout=LONG)
        await connection.execute(in_schema(schema, ALONE), timeout=LONG)
        if (found := await _foreign(connection, schema)) is None:
            return
        highest, following = found
        last = await connection.fetchval(in_schema(schema, LAST), following, timeout=LONG)
        for statement in SHIFTS:
            await connection.execute(in_schema(schema, statement), highest + 1, last or 0, timeout=LONG)
        await connection.execute(in_schema(schema, CURSORS), highest + 1)
    log.warning("%s: events and cursors came from another server and were renumbered; their order is as it was", shown)


async def _foreign(connection: Connection, schema: str) -> tuple[int, int] | None:
    """The highest number and the one that this server gives out next, if the highest is none of this server's."""
    row = await connection.fetchrow(in_schema(schema, HIGHEST))
    assert row is not None
    highest, following = row
    return None if highest is None or highest < following else (highest, following)
