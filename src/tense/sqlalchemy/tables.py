"""Tense's tables in a project's MetaData and migrations, so that Alembic neither drops nor changes them."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy import event

from tense.adapters.stores.postgres import schema as postgres
from tense.adapters.stores.postgres.address import read_address
from tense.adapters.stores.sqlite import schema as sqlite
from tense.errors import NotSupportedError, StoreUnusableError

TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(?:\w+\.)?(\w+) \(")
INDEX = re.compile(r"CREATE INDEX (\w+) ON (?:\w+\.)?(\w+) \(([^)]*)\)(?:\s+WHERE (.+))?", re.DOTALL)
DROPPED = re.compile(r"ALTER TABLE (?:\w+\.)?(\w+) DROP COLUMN (\w+)")
ADDED = re.compile(r"ALTER TABLE (?:\w+\.)?(\w+) ADD COLUMN (.+)", re.DOTALL)
COLUMN = re.compile(r"(\w+)\s+(\w+(?:\[\])?)\s*(.*)", re.DOTALL)
DEFAULT = re.compile(r"DEFAULT (\(.*\)|\S+)")
TYPES: dict[str, Any] = {
    "bigint": sa.BigInteger(),
    "int": sa.Integer(),
    "smallint": sa.SmallInteger(),
    "text": sa.Text(),
    "text[]": sa.ARRAY(sa.Text()),
    "bytea": sa.LargeBinary(),
    "float8": sa.Double(),
    "INTEGER": sa.Integer(),
    "TEXT": sa.Text(),
    "REAL": sa.REAL(),
    "BLOB": sa.BLOB(),
}
"""What the words of our statements are in SQLAlchemy."""


def tables(metadata: sa.MetaData, store: str) -> list[sa.Table]:
    """Add the tables that a store has in its database to a project's MetaData; a second call gives the same ones.

    `store` is the store's address, as `App(store=...)` has it: on PostgreSQL they stand in its schema (so say
    `include_schemas=True` to Alembic), on SQLite their names begin with `tense_`. They are made by Tense's own statements
    alone: `bring_tables` in a migration, or `tense db migrate`. `metadata.create_all()` refuses to make them.

    Raises:
        StoreUnusableError: a store of that kind has no tables.
    """
    schema = _schema_of(store)
    known = {
        table.name: table for table in metadata.tables.values() if table.info.get("tense") and table.schema == schema
    }
    if known:
        return list(known.values())
    statements = list(_statements(store, 0))
    dropped = {found.groups() for statement in statements if (found := DROPPED.match(statement)) is not None}
    for statement in statements:
        if (table := TABLE.match(statement)) is not None:
            columns = [part for part in _parts(statement[table.end() - 1 :]) if (table[1], part.name) not in dropped]
            made = sa.Table(table[1], metadata, *columns, schema=schema, info={"tense": True})
            event.listen(made, "before_create", _refuse_to_create)
            known[made.name] = made
        elif (more := ADDED.match(statement)) is not None:
            for column in _parts(f"({more[2]})"):
                known[more[1]].append_column(column)
        elif (index := INDEX.match(statement)) is not None:
            where = None if index[4] is None else sa.text(" ".join(index[4].split()))
            indexed = [known[index[2]].c[name.strip()] for name in index[3].split(",")]
            sa.Index(index[1], *indexed, postgresql_where=where, sqlite_where=where)
    return list(known.values())


def bring_tables(connection: sa.Connection, store: str) -> None:
    """Bring Tense's tables to this version's schema, within a migration: `bring_tables(op.get_bind(), store)`.

    What is there already stays as it is, whoever made it. Nothing is committed here. Forward only: messages would be lost.

    Raises:
        StoreUnusableError: a store of that kind has no tables.
        NotSupportedError: the connection leads to another kind of database than the store's.
    """
    schema = _schema_of(store)
    kind = "sqlite" if schema is None else "postgresql"
    if connection.dialect.name != kind:
        text = f"{store} is on {kind}, and this migration runs on {connection.dialect.name}: name the store of that database."
        raise NotSupportedError(text)
    if schema is not None:
        lock = f"SELECT pg_advisory_xact_lock(hashtext('tense migrate'), hashtext('{schema}'))"
        connection.exec_driver_sql(lock)
    for statement in _statements(store, _version(connection, schema)):
        connection.exec_driver_sql(statement)


def _version(connection: sa.Connection, schema: str | None) -> int:
    table, name = ("tense_meta", "schema") if schema is None else (f"{schema}.meta", "version")
    if not sa.inspect(connection).has_table(table.rpartition(".")[2], schema=schema):
        return 0
    query = f"SELECT value FROM {table} WHERE name = '{name}'"  # noqa: S608 - words above, and a checked schema
    row = connection.exec_driver_sql(query).first()
    return 0 if row is None else int(row[0])


def _schema_of(store: str) -> str | None:
    scheme = urlsplit(store).scheme
    if scheme in ("postgresql", "postgres"):
        return read_address(store).schema
    if scheme == "sqlite":
        return None
    text = f"{store!r} is no address of a store that has tables."
    raise StoreUnusableError(text)


def _statements(store: str, version: int) -> Iterator[str]:
    schema = _schema_of(store)
    if schema is None:
        parts = list(sqlite.steps(version)) if version < sqlite.VERSION else []
    elif version < postgres.VERSION:
        script = postgres.in_schema(schema, postgres.BEGIN) + postgres.steps(schema, version)
        parts = script.split(";\n")
    else:
        parts = []
    return (part.strip() for part in parts if part.strip())


def _parts(body: str) -> Iterator[sa.Column[Any]]:
    """The columns of a statement, from the bracket that opens them."""
    clauses = list(_clauses(body))
    together = {
        name.strip()
        for clause in clauses
        if clause.startswith("PRIMARY KEY")
        for name in clause[clause.index("(") + 1 : -1].split(",")
    }
    for clause in clauses:
        found = COLUMN.fullmatch(clause)
        if found is None or clause.startswith("PRIMARY KEY"):
            continue
        name, kind, rest = found.groups()
        primary = name in together or "PRIMARY KEY" in rest
        more = [sa.Identity(always=True)] if "AS IDENTITY" in rest else []
        default = DEFAULT.search(rest)
        yield sa.Column(
            name,
            TYPES[kind],
            *more,
            primary_key=primary,
            # SQLite says of its row numbers that they may be missing, which they never are.
            nullable="NOT NULL" not in rest and (not primary or kind == "INTEGER"),
            unique="UNIQUE" in rest or None,
            server_default=None if default is None else sa.text(default[1]),
        )


def _clauses(body: str) -> Iterator[str]:
    """What stands between the commas of the outermost brackets."""
    depth, clause = 0, ""
    for letter in body:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 or (depth == 1 and letter == ","):
            yield clause.strip()
            clause = ""
            if depth == 0:
                return
        elif not (depth == 1 and letter == "(" and not clause):
            clause += letter


def _refuse_to_create(table: sa.Table, _connection: Any, **_about: Any) -> None:
    text = (
        f"create_all() would make {table.fullname} without what only Tense's own statements say. Make Tense's tables first: "
        "bring_tables(connection, store), or `tense db migrate`."
    )
    raise StoreUnusableError(text)
