"""A long backlog between a file and a server, both ways: all of it, key by key in order, and never much of it in memory."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from asked import Asked

from tense.adapters.stores.postgres.inserts import INSERT_EVENTS, event_row
from tense.adapters.stores.postgres.schema import in_schema
from tense.adapters.stores.sqlite.intake import insert
from tense.cli.opened import opened
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.rules.lanes import lane_of
from tense.runtime.load import LANES
from tense.runtime.relay_parcel import parcel
from tense.runtime.system import SystemChance

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

BACKLOG, KEYS, AT_ONCE = 100_000, 500, 5_000
GROWTH = 50.0
"""Megabytes. The whole backlog as Python's objects is several times as much."""

STATED = "SELECT key, body FROM {} ORDER BY seq"


def backlog() -> Iterator[list[tuple[Envelope, int]]]:
    """Parcels of the outbox with their lanes, some at once."""
    chance = SystemChance()
    for start in range(0, BACKLOG, AT_ONCE):
        found = []
        for number in range(start, start + AT_ONCE):
            key = f"k{number % KEYS}"
            metadata = Metadata(id=chance.new_id(), kind="command", type="archive.Keep", partitionkey=key)
            whole = parcel(Envelope(metadata=metadata, body=b"%d" % number, service="archive"))
            found.append((whole, lane_of(key, LANES)))
        yield found


def fill_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for some in backlog():
            for envelope, lane in some:
                insert(connection, envelope, lane, 0.0)
            connection.commit()


async def fill_server(address: str) -> None:
    asked = Asked(address)
    connection = await asked.connect()
    for some in backlog():
        rows = [event_row(envelope, lane, 0.0) for envelope, lane in some]
        await connection.execute(in_schema(asked.schema, INSERT_EVENTS), *map(list, zip(*rows, strict=True)))
    await connection.close()


async def test_a_long_backlog_goes_from_a_file_to_a_server(postgres: str, tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    async with opened(f"sqlite:///{file}", create=True), opened(postgres, create=True):
        await asyncio.to_thread(fill_file, file)

    judge(
        await asyncio.to_thread(carried, f"sqlite:///{file}", postgres),
        await asyncio.to_thread(Asked(postgres).rows, STATED.format("command")),
    )


async def test_a_long_backlog_goes_from_a_server_to_a_file(postgres: str, tmp_path: Path) -> None:
    file = tmp_path / "broker.db"
    async with opened(f"sqlite:///{file}", create=True), opened(postgres, create=True):
        await fill_server(postgres)

    told = await asyncio.to_thread(carried, postgres, f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        judge(told, connection.execute(STATED.format("tense_command")).fetchall())


def carried(state: str, broker: str) -> dict[str, Any]:
    """What a process said that carried it all."""
    command = [sys.executable, str(Path(__file__).with_name("carrying.py")), state, broker]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def judge(told: dict[str, Any], rows: Sequence[tuple[str, bytes]]) -> None:
    """All of it, in order, out of a memory that did not grow with it."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for key, body in rows:
        numbers[key].append(int(body))
    lags = told["lags"]

    assert numbers == {f"k{key}": [*range(key, BACKLOG, KEYS)] for key in range(KEYS)}
    assert told["grown"] < GROWTH
    assert lags[0] > BACKLOG / 2
    assert lags == sorted(lags, reverse=True)
    assert len(set(lags)) > 5, "it does not count down"
    assert lags[-1] == 0
