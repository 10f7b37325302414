"""What can be known of the database from outside: lag, settings, sizes."""

from collections.abc import Sequence
from typing import Any

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.schema import VERSION
from tense.ports.records import Lag

LAGS = """
SELECT c.name, c.kind, w.waiting, w.oldest, w.retrying, w.held, w.dead, c.lanes,
       (SELECT count(*) FROM tense.lane AS l WHERE l.consumer = c.name AND l.owner IS NOT NULL)
FROM tense.consumer AS c CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 0) AS waiting, min(accepted) FILTER (WHERE state = 0) AS oldest,
           count(*) FILTER (WHERE state = 1) AS retrying, count(*) FILTER (WHERE state = 2) AS held,
           count(*) FILTER (WHERE state = 4) AS dead
    FROM tense.command WHERE service = c.name AND state IN (0, 1, 2, 4)
) AS w WHERE c.kind = 'inbox'
UNION ALL
SELECT c.name, c.kind, u.waiting, u.oldest, w.retrying, w.held, w.dead, c.lanes,
       (SELECT count(*) FROM tense.lane AS l WHERE l.consumer = c.name AND l.owner IS NOT NULL)
FROM tense.consumer AS c CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 1) AS retrying, count(*) FILTER (WHERE state = 2) AS held,
           count(*) FILTER (WHERE state = 4) AS dead
    FROM tense.exception WHERE consumer = c.name
) AS w CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, min(l.accepted) AS oldest FROM tense.lane AS p JOIN tense.log AS l
    ON l.channel = c.channel AND l.lane = p.lane AND (l.xid, l.pos) > (p.xid, p.pos)
    AND l.type = ANY(ARRAY(SELECT s.type FROM tense.subscribed AS s WHERE s.consumer = c.name))
    WHERE p.consumer = c.name
) AS u WHERE c.kind <> 'inbox'
ORDER BY 1
"""

FIGURES = """
SELECT current_setting('server_version'), current_setting('synchronous_commit'), current_setting('fsync'),
       (SELECT count(*) FROM tense.command), (SELECT count(*) FROM tense.log),
       (SELECT count(*) FROM tense.exception), (SELECT count(*) FROM tense.dead),
       (SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind = 'r'),
       (SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity
        WHERE backend_xid IS NOT NULL)
"""


HOLDER = """
SELECT a.pid, a.usename, a.datname, a.application_name, extract(epoch FROM clock_timestamp() - a.xact_start)
FROM pg_stat_activity AS a
WHERE a.backend_xid IS NOT NULL AND a.xact_start < clock_timestamp() - make_interval(secs => $1)
UNION ALL
SELECT NULL, p.owner, p.database, 'prepared transaction ' || p.gid, extract(epoch FROM clock_timestamp() - p.prepared)
FROM pg_prepared_xacts AS p WHERE p.prepared < clock_timestamp() - make_interval(secs => $1)
ORDER BY 5 DESC LIMIT 1
"""
"""Whoever writes holds up the events of everybody who writes later, in any database of the server."""

PATIENT = 5.0
"""Seconds after which a transaction that is still open is worth a word."""

LONG = 600.0
"""Seconds that counting may take: a large backlog is counted row by row."""


class Survey:
    """Counts and settings, read from what is committed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def lags(self) -> list[Lag]:
        """How far each consumer is behind."""
        rows = await self._core.run(lambda connection: connection.fetch(self._core.sql(LAGS), timeout=LONG))
        return [Lag(**dict(zip(Lag.__struct_fields__, row, strict=True))) for row in rows]

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service here."""
        query = self._core.sql("SELECT EXISTS (SELECT 1 FROM tense.service WHERE name = $1)")
        return bool(await self._core.run(lambda connection: connection.fetchval(query, service)))

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait, counted up to `most`."""
        query = self._core.sql(
            "SELECT count(*) FROM (SELECT 1 FROM tense.command WHERE service = $1 AND state = 0 LIMIT $2) AS w"
        )
        return int(await self._core.run(lambda connection: connection.fetchval(query, service, most)))

    async def describe(self) -> dict[str, str]:
        """Settings and figures of the schema."""

        async def figures(connection: Connection) -> dict[str, str]:
            row = await connection.fetchrow(self._core.sql(FIGURES), self._core.address.schema, timeout=LONG)
            assert row is not None
            holder = await connection.fetchrow(HOLDER, PATIENT)
            return {
                **({} if holder is None else {"held up by": _named(holder)}),
                "store": self._core.address.shown,
                "postgresql": row[0],
                "schema": f"{self._core.address.schema}, version {VERSION}",
                "synchronous_commit": row[1],
                "fsync": row[2],
                "size": f"{row[7] or 0:,} bytes",
                "commands": str(row[3]),
                "events": str(row[4]),
                "exceptions": str(row[5]),
                "dead letters": str(row[6]),
                "oldest open transaction": "none" if row[8] is None else f"{float(row[8]):.1f} s (events wait for it)",
                "hints": "LISTEN/NOTIFY" if self._core.address.notify else "off, polling only",
            }

        return await self._core.run(figures)


def _named(holder: Sequence[Any]) -> str:
    """Who holds the events up, for how long, and how to end it."""
    pid, user, database, application, age = holder
    if pid is None:
        return (
            f"{application} of {user} in {database}, open for {age:.0f} s; ROLLBACK PREPARED or COMMIT PREPARED ends it"
        )
    named = f" ({application})" if application else ""
    return f"process {pid}{named} of {user} in {database}, open for {age:.0f} s; SELECT pg_terminate_backend({pid}) ends it"
