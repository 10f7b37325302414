"""Ground: where the story takes place. A file that is not there yet, or a schema of its own in a PostgreSQL database."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from tense.errors import StoreUnusableError
from tense.runtime.load import sqlite_path

ROOT = Path(__file__).resolve().parents[3]

Row = Sequence[Any]


class Ground(Protocol):
    """A place with an address, whose tables can be read from outside of every service."""

    address: str

    def ask(self, sql: str, values: Sequence[object]) -> Row | None:
        """The first row of a query; None if it has none, or if its table does not exist yet."""
        ...


class FileGround:
    """One SQLite file."""

    def __init__(self, path: Path, address: str) -> None:
        self.address = address
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None)

    def ask(self, sql: str, values: Sequence[object]) -> Row | None:
        """As Ground has it."""
        try:
            found: Row | None = self._connection.execute(sql, values).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class SchemaGround:
    """A schema of a PostgreSQL database, made for this story and gone with it."""

    def __init__(self, server: str) -> None:
        import psycopg  # noqa: PLC0415 - only who tells it there needs it

        self._psycopg = psycopg
        self._schema = f"shop_{uuid4().hex[:12]}"
        joint = "&" if "?" in server else "?"
        self.address = f"{server}{joint}schema={self._schema}&search_path={self._schema}"
        self._connection = psycopg.connect(server, autocommit=True, connect_timeout=5)
        self._connection.execute(f"SET search_path = {self._schema}".encode())

    def ask(self, sql: str, values: Sequence[object]) -> Row | None:
        """As Ground has it. A table is `tense_log` in a file and `log` in the schema; a value is `?` or `%s`."""
        words = re.sub(r"\btense_(\w+)", r"\1", sql).replace("%", "%%").replace("?", "%s")
        try:
            found: Row | None = self._connection.execute(words.encode(), values).fetchone()
        except self._psycopg.errors.UndefinedTable:
            return None
        return found

    def close(self) -> None:
        """Take everything away."""
        self._connection.execute("SET lock_timeout = '10s'")
        self._connection.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE".encode())
        self._connection.close()


@contextmanager
def ground(store: str) -> Iterator[Ground]:
    """The place that an address names, ready for a shop that is not there yet.

    `postgres` is the server that `scripts/servers up postgres` started.

    Raises:
        StoreUnusableError: it names no place, the shop is there already, or no server answers.
    """
    if store == "postgres" or store.startswith(("postgresql://", "postgres://")):
        with closing(_schema(store)) as schema:
            yield schema
        return
    path = sqlite_path(store)
    if path.exists():
        text = f"{path} is there already; the story begins with a shop that is not."
        raise StoreUnusableError(text)
    with closing(FileGround(path, store)) as file:
        yield file


def _schema(store: str) -> SchemaGround:
    server = _running() if store == "postgres" else store
    try:
        return SchemaGround(server)
    except ImportError as error:
        text = "telling it on PostgreSQL needs psycopg to look into the tables: pip install 'psycopg[binary]'"
        raise StoreUnusableError(text) from error
    except Exception as error:
        if type(error).__name__ != "OperationalError":
            raise
        text = f"no server answers at {server}: {str(error).splitlines()[0]}. `scripts/servers up postgres` starts one."
        raise StoreUnusableError(text) from error


def _running() -> str:
    """The address of the server that runs: from the environment, or as `scripts/servers env` tells it."""
    if found := os.environ.get("TENSE_TEST_POSTGRES"):
        return found
    command = [sys.executable, str(ROOT / "scripts" / "servers"), "env", "postgres"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own script
    found = told.strip().partition("TENSE_TEST_POSTGRES=")[2]
    if not found:
        text = "PostgreSQL is not up. Start it with `scripts/servers up postgres`, or give an address: postgresql://..."
        raise StoreUnusableError(text)
    return found
