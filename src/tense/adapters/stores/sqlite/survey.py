"""What can be known of the file from outside: lag, settings, sizes."""

import sqlite3

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.schema import VERSION
from tense.ports.records import Lag

INBOX = """
SELECT count(*) FILTER (WHERE state = 0), min(accepted) FILTER (WHERE state = 0), count(*) FILTER (WHERE state = 1),
       count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 4)
FROM tense_command WHERE service = ? AND state IN (0, 1, 2, 4)
"""

EXCEPTIONS = """
SELECT count(*) FILTER (WHERE state = 1), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 4)
FROM tense_exception WHERE consumer = ?
"""


class Survey:
    """Counts and settings, read from what is committed."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def lags(self) -> list[Lag]:
        """How far each consumer is behind."""
        connection = self._core.read()
        rows = connection.execute("SELECT name, kind, channel, lanes FROM tense_consumer ORDER BY name").fetchall()
        return [self._lag(connection, *row) for row in rows]

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service here."""
        row = self._core.read().execute("SELECT 1 FROM tense_service WHERE name = ?", (service,)).fetchone()
        return row is not None

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait, counted up to `most`."""
        query = "SELECT count(*) FROM (SELECT 1 FROM tense_command WHERE service = ? AND state = 0 LIMIT ?)"
        return int(self._core.read().execute(query, (service, most)).fetchone()[0])

    async def describe(self) -> dict[str, str]:
        """Settings and figures of the file."""
        connection = self._core.read()

        def pragma(name: str) -> str:
            return str(connection.execute(f"PRAGMA {name}").fetchone()[0])

        size = int(pragma("page_count")) * int(pragma("page_size"))
        counts = {
            table: str(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names below
            for table in ("tense_command", "tense_log", "tense_exception", "tense_dead")
        }
        return {
            "store": f"sqlite:///{self._core.path}",
            "sqlite": sqlite3.sqlite_version,
            "schema": str(VERSION),
            "journal": pragma("journal_mode"),
            "synchronous": "FULL",
            "size": f"{size:,} bytes",
            "commands": counts["tense_command"],
            "events": counts["tense_log"],
            "exceptions": counts["tense_exception"],
            "dead letters": counts["tense_dead"],
        }

    def _lag(self, connection: sqlite3.Connection, name: str, kind: str, channel: str, lanes: int) -> Lag:
        owned = connection.execute(
            "SELECT count(*) FROM tense_lane WHERE consumer = ? AND owner IS NOT NULL", (name,)
        ).fetchone()[0]
        if kind == "inbox":
            waiting, oldest, retrying, held, dead = connection.execute(INBOX, (name,)).fetchone()
        else:
            retrying, held, dead = connection.execute(EXCEPTIONS, (name,)).fetchone()
            waiting, oldest = self._unread(connection, name, channel)
        return Lag(
            consumer=name,
            kind=kind,
            waiting=waiting,
            oldest=oldest,
            retrying=retrying,
            held=held,
            dead=dead,
            lanes=lanes,
            owned=owned,
        )

    def _unread(self, connection: sqlite3.Connection, name: str, channel: str) -> tuple[int, float | None]:
        row = connection.execute(
            "SELECT count(*), min(l.accepted) FROM tense_lane AS c JOIN tense_log AS l "
            "ON l.channel = ? AND l.lane = c.lane AND l.pos > c.pos "
            "WHERE c.consumer = ? AND l.type IN (SELECT type FROM tense_subscribed WHERE consumer = c.consumer)",
            (channel, name),
        ).fetchone()
        return int(row[0]), row[1]
