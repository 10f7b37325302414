"""Places of the kit on a real PostgreSQL server. Each is a schema; a copy of one is what is committed in it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from hashlib import sha256
from pathlib import Path
from unittest import SkipTest
from urllib.parse import urlsplit

import pytest
from own_postgres import OwnPostgres, has_compiler, own_postgres

pytest.importorskip("asyncpg")
psycopg = pytest.importorskip("psycopg")

from tense.adapters.stores.postgres.store import PostgresStore  # noqa: E402 - needs the driver

BREAKING = ("test_where_nothing_can_be_written_nothing_is_accepted",)
"""These break the server, so they have one of their own."""

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s"

SEQUENCES = """
SELECT c.relname, a.attname FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s AND a.attidentity <> '' AND c.relkind = 'r'
"""


class PostgresPlaces:
    """What a suite of the kit says of its places where they stand on PostgreSQL, whole or in part."""

    @pytest.fixture(autouse=True)
    def a_server(self, request: pytest.FixtureRequest, postgres_server: str) -> Iterator[None]:
        self.address = postgres_server
        self.schemas: set[str] = set()
        self.own: OwnPostgres | None = None
        with ExitStack() as stack:
            if request.node.name in BREAKING and has_compiler():
                self.own = stack.enter_context(own_postgres(shim=True))
                self.address = self.own.address
            yield
            with psycopg.connect(self.address, autocommit=True) as connection:
                connection.execute("SET lock_timeout = '5s'")
                for schema in self.schemas:
                    connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    def broken(self, place: Path) -> AbstractContextManager[None]:
        if self.own is None:
            text = f"a full disk for {place.name} needs a C compiler, and there is none"
            raise SkipTest(text)
        return self.own.full_disk()

    def schema(self, place: Path) -> str:
        name = f"kit_{sha256(str(place).encode()).hexdigest()[:12]}"
        self.schemas.add(name)
        return name

    def on_postgres(self, place: Path, port: int | None = None) -> PostgresStore:
        """The store of a place, reached at the server's own port or another of this machine."""
        host = urlsplit(self.address).netloc.rpartition("@")[2] if port is None else f"127.0.0.1:{port}"
        schema, parts = self.schema(place), urlsplit(self.address)
        user = parts.netloc.rpartition("@")[0]
        return PostgresStore(f"postgresql://{user}@{host}{parts.path}?schema={schema}&search_path={schema}")

    def server(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        return str(parts.hostname), parts.port or 5432

    def copy_schema(self, place: Path, to: Path) -> None:
        old, new = self.schema(place), self.schema(to)
        with psycopg.connect(self.address) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute(f"CREATE SCHEMA {new}")
            for (table,) in connection.execute(TABLES, [old]).fetchall():
                connection.execute(f"CREATE TABLE {new}.{table} (LIKE {old}.{table} INCLUDING ALL)")
                connection.execute(f"INSERT INTO {new}.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {old}.{table}")
            for table, column in connection.execute(SEQUENCES, [new]).fetchall():
                sequence = f"{table}_{column}_seq"
                connection.execute(f"SELECT setval('{new}.{sequence}', last_value, is_called) FROM {old}.{sequence}")

    def passed(self, place: Path, seconds: float) -> None:
        schema = self.schema(place)
        with psycopg.connect(self.address) as connection:
            # Who says at this very moment that it lives has its row locked, and goes on only when this returns.
            connection.execute(
                f"UPDATE {schema}.instance SET until = until - %s "
                f"WHERE id IN (SELECT id FROM {schema}.instance FOR UPDATE SKIP LOCKED)",
                [seconds],
            )
