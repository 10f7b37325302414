"""The tables in a PostgreSQL schema, by version. Forward only.

Statements name the schema `tense`; `in_schema` puts the configured one in its place: tenants stand side by side.
"""

import re
from functools import lru_cache

VERSION = 3

OPEN, SCHEDULED, HELD, ENDED, DEAD, STRUCK = 0, 1, 2, 3, 4, 5
"""States of a command, and (all but OPEN and ENDED) of an exception to an event log."""

BUSY = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0"
"""Rows here change often and die young: clean up early and without pauses, so that the tables level off."""

FIRST = f"""
CREATE TABLE tense.command (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    service text NOT NULL,
    lane int NOT NULL,
    state smallint NOT NULL,
    claimed bigint NOT NULL DEFAULT 0,
    key text,
    type text NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL,
    accepted float8 NOT NULL,
    due float8 NOT NULL DEFAULT 0,
    deadline float8,
    attempts int NOT NULL DEFAULT 0,
    failed int NOT NULL DEFAULT 0,
    strand text,
    error text,
    outcome bytea,
    ended float8,
    redriven int NOT NULL DEFAULT 0
) WITH (fillfactor = 80, {BUSY});
CREATE INDEX command_open ON tense.command (service, lane, seq) WHERE state = 0;
CREATE INDEX command_due ON tense.command (service, due) WHERE state = 1;
CREATE INDEX command_deadline ON tense.command (service, deadline) WHERE state IN (1, 2) AND deadline IS NOT NULL;
CREATE INDEX command_strand ON tense.command (service, lane, strand, seq)
    WHERE state IN (1, 2, 4) AND strand IS NOT NULL;
CREATE INDEX command_ended ON tense.command (ended) WHERE state = 3;

CREATE TABLE tense.log (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    id text NOT NULL UNIQUE,
    channel text NOT NULL,
    lane int NOT NULL,
    key text,
    type text NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL,
    accepted float8 NOT NULL
);
CREATE INDEX log_lane ON tense.log (channel, lane, xid, pos);

CREATE TABLE tense.consumer (
    name text PRIMARY KEY,
    service text NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    lanes int NOT NULL,
    types text[] NOT NULL,
    epoch int NOT NULL,
    created float8 NOT NULL
);

CREATE TABLE tense.lane (
    consumer text NOT NULL,
    lane int NOT NULL,
    owner text,
    token bigint NOT NULL DEFAULT 0,
    xid bigint NOT NULL DEFAULT 0,
    pos bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, lane)
) WITH (fillfactor = 25, {BUSY});

CREATE TABLE tense.exception (
    consumer text NOT NULL,
    pos bigint NOT NULL,
    xid bigint NOT NULL,
    lane int NOT NULL,
    state smallint NOT NULL,
    claimed bigint NOT NULL DEFAULT 0,
    strand text,
    attempts int NOT NULL,
    due float8 NOT NULL DEFAULT 0,
    error text,
    redriven int NOT NULL DEFAULT 0,
    PRIMARY KEY (consumer, pos)
) WITH (fillfactor = 80, {BUSY});
CREATE INDEX exception_due ON tense.exception (consumer, due) WHERE state = 1;
CREATE INDEX exception_strand ON tense.exception (consumer, lane, strand, xid, pos);
CREATE INDEX exception_pos ON tense.exception (pos);

CREATE TABLE tense.dead (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    key text,
    lane int NOT NULL,
    pos bigint NOT NULL,
    strand text,
    reason text NOT NULL,
    error text NOT NULL,
    traceback text NOT NULL,
    attempts int NOT NULL,
    accepted float8 NOT NULL,
    died float8 NOT NULL,
    redriven int NOT NULL,
    headers bytea NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE tense.instance (
    id text PRIMARY KEY,
    host text NOT NULL,
    pid int NOT NULL,
    until float8 NOT NULL,
    detail bytea NOT NULL
);
CREATE TABLE tense.service (name text PRIMARY KEY, first_seen float8 NOT NULL);
"""

SECOND = """
CREATE TABLE tense.mark (
    consumer text NOT NULL,
    id text NOT NULL,
    redriven int NOT NULL,
    ending bytea NOT NULL,
    ended float8 NOT NULL,
    PRIMARY KEY (consumer, id, redriven)
);
CREATE INDEX mark_ended ON tense.mark (ended);
"""

THIRD = """
CREATE TABLE tense.subscribed (
    consumer text NOT NULL,
    type text NOT NULL,
    seen float8 NOT NULL,
    PRIMARY KEY (consumer, type)
);
INSERT INTO tense.subscribed (consumer, type, seen)
SELECT name, unnest(types), extract(epoch FROM clock_timestamp())::float8 FROM tense.consumer WHERE kind = 'subscription';
ALTER TABLE tense.consumer DROP COLUMN types;
ALTER TABLE tense.command ADD COLUMN released int NOT NULL DEFAULT 0;
ALTER TABLE tense.exception ADD COLUMN released int NOT NULL DEFAULT 0;
"""
"""What a subscription takes, and when an instance that takes it was seen last: in a rolling deploy they differ."""

MIGRATIONS: dict[int, str] = {1: FIRST, 2: SECOND, 3: THIRD}
"""Statements that lead from the version before to each version. A new one also needs a file in django/migrations."""

BEGIN = """
CREATE SCHEMA IF NOT EXISTS tense;
CREATE TABLE IF NOT EXISTS tense.meta (name text PRIMARY KEY, value text NOT NULL);
"""

NAME = re.compile(r"[a-z_][a-z0-9_]{0,47}")
"""What a schema may be called: no quotes needed anywhere."""


@lru_cache(maxsize=512)
def in_schema(schema: str, statement: str) -> str:
    """A statement with the configured schema in the place of `tense`."""
    if schema == "tense":
        return statement
    moved = statement.replace("SCHEMA IF NOT EXISTS tense", f"SCHEMA IF NOT EXISTS {schema}")
    return re.sub(r"\btense\.", f"{schema}.", moved)


def steps(schema: str, version: int, until: int = VERSION) -> str:
    """The statements that lead from a version to a later one, as one script."""
    parts = [MIGRATIONS[number] for number in range(version + 1, until + 1)]
    mark = (
        f"INSERT INTO tense.meta (name, value) VALUES ('version', '{until}') "  # noqa: S608 - a number
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value;\n"
    )
    return in_schema(schema, "".join([*parts, mark]))


def script(schema: str = "tense") -> str:
    """Everything that makes the tables from nothing, for people who run it themselves."""
    return "BEGIN;\n" + in_schema(schema, BEGIN).lstrip() + steps(schema, 0) + "COMMIT;\n"
