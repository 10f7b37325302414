"""Databases that live as long as one contender, on the server that scripts/servers started."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import asyncpg

from benchmarks.children import ROOT

NUMBERS = count(1)

STATE = "CREATE TABLE state (id text NOT NULL, cents int NOT NULL)"


class NoServerError(Exception):
    """There is no server to measure on."""


def server() -> str:
    """The address of the server's own database.

    Raises:
        NoServerError: none runs.
    """
    known = os.environ.get("TENSE_TEST_POSTGRES")
    if known:
        return known
    told = subprocess.run(
        [sys.executable, "scripts/servers", "env"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line in told.stdout.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        if name == "TENSE_TEST_POSTGRES":
            return value.strip("'\"")
    raise NoServerError("no PostgreSQL runs: scripts/servers up postgres")


@contextmanager
def database(*statements: str) -> Iterator[str]:
    """The address of a new database, gone afterwards."""
    home = server()
    name = f"tense_bench_{os.getpid()}_{next(NUMBERS)}"
    address = f"{home.rpartition('/')[0]}/{name}"
    asyncio.run(run(home, f"CREATE DATABASE {name}"))
    try:
        asyncio.run(run(address, *statements))
        yield address
    finally:
        asyncio.run(run(home, f"DROP DATABASE {name} WITH (FORCE)"))


async def run(address: str, *statements: str) -> None:
    """Run statements, each by itself."""
    connection = await asyncpg.connect(address)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


async def value(address: str, query: str) -> tuple[int, ...]:
    """The one row of a query."""
    connection = await asyncpg.connect(address)
    row = await connection.fetchrow(query)
    await connection.close()
    assert row is not None
    return tuple(row)


def rows_of(address: str) -> tuple[int, ...]:
    """How many rows of state there are, and of how many orders."""
    return asyncio.run(value(address, "SELECT count(*), count(DISTINCT id) FROM state"))
