"""Migration: from whatever stands in the database to this version, by one process at a time."""

import asyncpg

from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.schema import BEGIN, VERSION, in_schema, steps
from tense.errors import StoreUnusableError

OLDEST = 130_000
"""PostgreSQL 13: the first with pg_snapshot_xmin and xid8."""

TABLE = """
SELECT EXISTS (SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               WHERE n.nspname = $1 AND c.relname = 'meta')
"""


async def migrate(connection: Connection, schema: str, shown: str) -> None:
    """Bring a schema to this version under a lock; nothing happens if it is there already.

    Raises:
        StoreUnusableError: a newer Tense made it, the server is too old or a standby, or the role may not.
    """
    await _check_server(connection, shown)
    found = await _version(connection, schema)
    if found == VERSION:
        return
    _refuse_newer(found, schema, shown)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tense migrate'), hashtext($1))", schema)
            found = await _version(connection, schema)
            _refuse_newer(found, schema, shown)
            if found < VERSION:
                if found == 0:
                    await connection.execute(in_schema(schema, BEGIN))
                await connection.execute(steps(schema, found))
    except asyncpg.InsufficientPrivilegeError as error:
        text = (
            f"{shown}: the schema {schema!r} is at version {found}, this Tense needs {VERSION}, and this role may not "
            f"change it ({error}). Run `tense db migrate` with a role that may."
        )
        raise StoreUnusableError(text) from error


async def _check_server(connection: Connection, shown: str) -> None:
    row = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), "
        "current_setting('transaction_read_only')::bool"
    )
    assert row is not None
    if row[0] < OLDEST:
        raise StoreUnusableError(f"{shown} is PostgreSQL {row[0] // 10_000}; Tense needs 13 or newer.")
    if row[1]:
        raise StoreUnusableError(f"{shown} is a standby and read-only. Name the primary.")
    if row[2]:
        text = f"{shown} is read-only (default_transaction_read_only). Name the primary, or let this role write."
        raise StoreUnusableError(text)


async def _version(connection: Connection, schema: str) -> int:
    # Not to_regclass: it may answer from what this session looked up before another one made the table.
    if not await connection.fetchval(TABLE, schema):
        return 0
    value = await connection.fetchval(in_schema(schema, "SELECT value FROM tense.meta WHERE name = 'version'"))
    return 0 if value is None else int(value)


def _refuse_newer(found: int, schema: str, shown: str) -> None:
    if found > VERSION:
        text = (
            f"{shown}: the schema {schema!r} is at version {found}, made by a newer Tense; this one knows {VERSION}. "
            "Upgrade this program."
        )
        raise StoreUnusableError(text)
