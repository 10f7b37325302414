"""The tables in a SQLite file, by version. They live beside the user's own; every name begins with tense_."""

VERSION = 3

OPEN, SCHEDULED, HELD, ENDED, DEAD, STRUCK = 0, 1, 2, 3, 4, 5
"""States of a command, and (all but OPEN and ENDED) of an exception to an event log."""

META = """
CREATE TABLE IF NOT EXISTS tense_meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID
"""

MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: (
        """
        CREATE TABLE tense_command (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            service TEXT NOT NULL,
            lane INTEGER NOT NULL,
            state INTEGER NOT NULL,
            key TEXT,
            type TEXT NOT NULL,
            headers BLOB NOT NULL,
            body BLOB NOT NULL,
            accepted REAL NOT NULL,
            due REAL NOT NULL DEFAULT 0,
            deadline REAL,
            attempts INTEGER NOT NULL DEFAULT 0,
            failed INTEGER NOT NULL DEFAULT 0,
            strand TEXT,
            error TEXT,
            outcome BLOB,
            ended REAL,
            redriven INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE INDEX tense_command_open ON tense_command (service, lane, seq) WHERE state = 0",
        "CREATE INDEX tense_command_waiting ON tense_command (service, due) WHERE state IN (1, 2)",
        """
        CREATE INDEX tense_command_deadline ON tense_command (service, deadline)
        WHERE state IN (1, 2) AND deadline IS NOT NULL
        """,
        "CREATE INDEX tense_command_strand ON tense_command (service, lane, strand, seq) WHERE state IN (1, 2, 4)",
        """
        CREATE TABLE tense_log (
            pos INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            channel TEXT NOT NULL,
            lane INTEGER NOT NULL,
            key TEXT,
            type TEXT NOT NULL,
            headers BLOB NOT NULL,
            body BLOB NOT NULL,
            accepted REAL NOT NULL
        ) STRICT
        """,
        "CREATE INDEX tense_log_lane ON tense_log (channel, lane, pos)",
        """
        CREATE TABLE tense_consumer (
            name TEXT PRIMARY KEY,
            service TEXT NOT NULL,
            channel TEXT NOT NULL,
            kind TEXT NOT NULL,
            lanes INTEGER NOT NULL,
            types TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            created REAL NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE tense_lane (
            consumer TEXT NOT NULL,
            lane INTEGER NOT NULL,
            owner TEXT,
            token INTEGER NOT NULL DEFAULT 0,
            pos INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (consumer, lane)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE tense_exception (
            consumer TEXT NOT NULL,
            pos INTEGER NOT NULL,
            lane INTEGER NOT NULL,
            state INTEGER NOT NULL,
            strand TEXT,
            attempts INTEGER NOT NULL,
            failed INTEGER NOT NULL DEFAULT 0,
            due REAL NOT NULL DEFAULT 0,
            error TEXT,
            redriven INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (consumer, pos)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX tense_exception_due ON tense_exception (consumer, due) WHERE state = 1",
        "CREATE INDEX tense_exception_strand ON tense_exception (consumer, lane, strand, pos)",
        """
        CREATE TABLE tense_dead (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            consumer TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            type TEXT NOT NULL,
            key TEXT,
            lane INTEGER NOT NULL,
            position INTEGER NOT NULL,
            strand TEXT,
            reason TEXT NOT NULL,
            error TEXT NOT NULL,
            traceback TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            accepted REAL NOT NULL,
            died REAL NOT NULL,
            redriven INTEGER NOT NULL,
            headers BLOB NOT NULL,
            body BLOB NOT NULL
        ) STRICT
        """,
        """
        CREATE TABLE tense_instance (
            id TEXT PRIMARY KEY,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            until REAL NOT NULL,
            detail BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE TABLE tense_service (name TEXT PRIMARY KEY, first_seen REAL NOT NULL) STRICT, WITHOUT ROWID",
        "INSERT INTO tense_meta (name, value) VALUES ('fence', '0'), ('moves', '0')",
    ),
    2: (
        """
        CREATE TABLE tense_mark (
            consumer TEXT NOT NULL,
            id TEXT NOT NULL,
            redriven INTEGER NOT NULL,
            ending BLOB NOT NULL,
            ended REAL NOT NULL,
            PRIMARY KEY (consumer, id, redriven)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX tense_mark_ended ON tense_mark (ended)",
    ),
    3: (
        """
        CREATE TABLE tense_subscribed (
            consumer TEXT NOT NULL,
            type TEXT NOT NULL,
            seen REAL NOT NULL,
            PRIMARY KEY (consumer, type)
        ) STRICT, WITHOUT ROWID
        """,
        """
        INSERT INTO tense_subscribed SELECT c.name, t.value, strftime('%s', 'now') + 0.0 FROM tense_consumer AS c,
            json_each('["' || replace(c.types, ',', '","') || '"]') AS t WHERE c.kind = 'subscription'
        """,
        "ALTER TABLE tense_consumer DROP COLUMN types",
        "ALTER TABLE tense_command ADD COLUMN released INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE tense_exception ADD COLUMN released INTEGER NOT NULL DEFAULT 0",
    ),
}
"""Statements that lead from the version before to each version; forward only, in one transaction.

A new version also needs a file in django/migrations; a test says so.
"""


def steps(version: int, until: int = VERSION) -> tuple[str, ...]:
    """The statements that lead from a version to a later one, and write down which that is."""
    mark = f"INSERT OR REPLACE INTO tense_meta VALUES ('schema', '{until}')"  # noqa: S608 - a number
    return (META, *(statement for number in range(version + 1, until + 1) for statement in MIGRATIONS[number]), mark)
