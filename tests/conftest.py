"""What every test may ask for: the real servers that run, and one line about those that do not."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

ROOT = Path(__file__).resolve().parents[1]


@cache
def server_address(name: str) -> str:
    """The address of a running server: from the environment, or as `scripts/servers env` tells it."""
    variable = f"TENSE_TEST_{name.upper()}"
    if variable in os.environ:
        return os.environ[variable]
    told = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "servers"), "env", name], capture_output=True, text=True, check=False
    ).stdout
    return told.strip().partition(f"{variable}=")[2]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, at one place so that it is told in one line, what needs a server that does not run."""
    for mark in item.iter_markers("server"):
        name = mark.args[0]
        if not server_address(name):
            pytest.skip(f"not run: it needs {name}; start it with `scripts/servers up {name}`, or `make test-servers`")


@pytest.fixture(scope="session", autouse=True)
def planted_bug() -> Iterator[None]:
    """With TENSE_PLANTED, one of the bugs of tests/support/plant.py is in the engine: something must fail."""
    with ExitStack() as stack:
        if name := os.environ.get("TENSE_PLANTED"):
            from plant import planted

            stack.enter_context(planted(name))
        yield


@pytest.fixture
def postgres_server() -> str:
    """The address of the running server, with nothing of a test's own."""
    return server_address("postgres")


@pytest.fixture
def pgbouncer_server() -> str:
    """The address of the running pooler."""
    return server_address("pgbouncer")


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a schema of a test's own in the running server, for its tables and ours; gone afterwards."""
    address = server_address("postgres")
    schema = f"test_{uuid4().hex[:12]}"
    yield f"{address}?schema={schema}&search_path={schema}"
    asyncio.run(_drop(address, schema))


async def _drop(address: str, schema: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(address)
    await connection.execute("SET lock_timeout = '5s'")
    await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    await connection.close()
