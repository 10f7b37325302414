"""Ends of commands are written together on SQLite, and nobody can see that they were put off."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tense.adapters.stores.sqlite.store import SqliteStore
from tense.errors import RefusedWriteError, StoreError
from tense.messages.settlement import Again
from tense.ports.delivery import Delivery
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import INBOX, NULL, Bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE stock (position INTEGER)")
    bench = await Bench(SqliteStore(tmp_path / "shop.db"), HandClock(), "north").open(INBOX)
    yield bench
    await bench.close()


def store_of(bench: Bench) -> SqliteStore:
    assert isinstance(bench.store, SqliteStore)
    return bench.store


def rows(bench: Bench, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(store_of(bench).path)) as connection:
        return connection.execute(query).fetchall()


async def handled(bench: Bench, delivery: Delivery) -> None:
    """Write one row and end, as a handler does."""
    unit = bench.store.unit(delivery, bench.lease(delivery))
    await unit.transaction().execute("INSERT INTO stock VALUES (:position)", position=delivery.position)
    assert unit.finish(NULL, ()) is None


async def test_every_end_of_a_group_is_written_with_its_rows(bench: Bench) -> None:
    await bench.accept(*(bench.command() for _ in range(50)))
    found = await bench.claim()
    for delivery in found:
        await handled(bench, delivery)
    await store_of(bench).settled()

    assert rows(bench, "SELECT count(*), count(ended), count(outcome) FROM tense_command WHERE state = 3") == [
        (50, 50, 50)
    ]
    assert rows(bench, "SELECT count(DISTINCT position) FROM stock") == [(50,)]


async def test_who_asks_in_the_same_group_finds_the_command_ended(bench: Bench) -> None:
    await bench.accept(bench.command())
    (delivery,) = await bench.claim()
    await handled(bench, delivery)
    looking = store_of(bench).core.writer.submit(
        lambda connection: connection.execute("SELECT state FROM tense_command").fetchone()
    )

    assert await looking == (3,)


async def test_one_that_somebody_else_ended_undoes_its_group_and_all_are_read_again(bench: Bench) -> None:
    await bench.accept(bench.command(key="a"), bench.command(key="b"))
    stolen, other = await bench.claim()
    await store_of(bench).settled()
    with closing(sqlite3.connect(store_of(bench).path)) as connection, connection:
        connection.execute("UPDATE tense_command SET state = 3 WHERE seq = ?", (stolen.position,))

    await handled(bench, stolen)
    await handled(bench, other)
    with pytest.raises(StoreError, match="ended by somebody else"):
        await store_of(bench).settled()
    while not store_of(bench).core.writer.idle:
        await asyncio.sleep(0)

    assert rows(bench, "SELECT * FROM stock") == []
    assert rows(bench, f"SELECT state FROM tense_command WHERE seq = {other.position}") == [(0,)]
    assert bench.lease(stolen).lost
    assert bench.lease(other).lost


async def test_a_turn_that_cannot_be_kept_ends_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.accept(bench.command())
    (delivery,) = await bench.claim()
    unit = bench.store.unit(delivery, bench.lease(delivery))
    await unit.transaction().execute("INSERT INTO stock VALUES (1)")

    def failing(_: object) -> None:
        raise RuntimeError("nobody thought of this")

    writer = store_of(bench).core.writer
    with monkeypatch.context() as patched:
        patched.setattr(writer, "keep", failing)
        with pytest.raises(RuntimeError):
            unit.finish(NULL, ())
    again = unit.finish(Again(due=bench.clock.now() + 1, error="broken", strand=None), ())
    assert again is None or await again is None
    await store_of(bench).settled()

    assert rows(bench, "SELECT state, error FROM tense_command") == [(1, "broken")]
    assert rows(bench, "SELECT * FROM stock") == []


async def test_a_handler_that_goes_on_after_its_turn_was_taken_away_keeps_nothing(bench: Bench) -> None:
    await bench.accept(bench.command())
    (delivery,) = await bench.claim()
    unit = store_of(bench).unit(delivery, bench.lease(delivery))
    await unit.transaction().execute("INSERT INTO stock VALUES (1)")
    unit.revoked = "kept the turn for 5.1 s"

    with pytest.raises(RefusedWriteError, match="kept the turn"):
        unit.finish(NULL, ())
    await unit.undo()
    await store_of(bench).settled()

    assert rows(bench, "SELECT state FROM tense_command") == [(0,)]
    assert rows(bench, "SELECT * FROM stock") == []
