"""kill -9 of senders, workers or both at random moments, with four processes on one store, or on a pair of two.

On a pair, workers are relays too: a kill may fall between the two halves of a settlement, or into a batch of the outbox.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from asked import Asked

pytestmark = pytest.mark.system

HERE = Path(__file__).parent
Ask = Callable[[str], list[tuple]]
ROUNDS = int(os.environ.get("TENSE_KILL_ROUNDS", "50"))


class Fleet:
    """Two senders and two workers; any of them may be killed and started again."""

    def __init__(self, folder: Path, store: str, ask: Ask) -> None:
        self.store = store
        self.ask = ask
        self.ledger = folder / "accepted.txt"
        self.ledger.touch()
        self.errors = folder / "errors.txt"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        verb = {"sender": "send", "outbox": "say", "worker": "work"}[name.partition("-")[0]]
        command = [sys.executable, str(HERE / "fleet.py"), verb, self.store, name, str(self.ledger)]
        with self.errors.open("ab") as errors:
            self.running[name] = subprocess.Popen(command, stderr=errors)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def accepted(self) -> list[str]:
        return self.ledger.read_text().splitlines()


SERVER = pytest.mark.server("postgres")

STORES = [
    "sqlite",
    pytest.param("postgres", marks=SERVER),
    pytest.param("sqlite via postgres", marks=SERVER),
    pytest.param("postgres via sqlite", marks=SERVER),
    "sqlite in aiosqlite",
    pytest.param("postgres in asyncpg", marks=SERVER),
    pytest.param("postgres in psycopg", marks=SERVER),
]
"""Stores, pairs of them, and those on which a session of SQLAlchemy, through this driver, is the unit of work."""


@pytest.fixture(params=STORES)
def fleet(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    where, _, driver = request.param.partition(" in ")
    monkeypatch.setenv("TENSE_FLEET_SESSIONS", driver)
    state, _, broker = where.partition(" via ")
    store, ask = at(state, request, tmp_path)
    if broker:
        # Rows of Tense about messages stand at the broker, the handlers' own in the state.
        there, asked = at(broker, request, tmp_path)
        store, of_state = f"{store} via {there}", ask

        def ask(query: str) -> list[tuple]:
            return (asked if "tense_" in query else of_state)(query)

    fleet = Fleet(tmp_path, store, ask)
    yield fleet
    fleet.stop()


def at(kind: str, request: pytest.FixtureRequest, folder: Path) -> tuple[str, Ask]:
    if kind == "another postgres":
        return on_another_postgres(request)
    if kind == "pgbouncer":
        return behind_a_pooler(request)
    return (on_sqlite if kind == "sqlite" else on_postgres)(request, folder)


def on_another_postgres(request: pytest.FixtureRequest) -> tuple[str, Ask]:
    first = request.getfixturevalue("postgres")
    schema = Asked(first).schema
    store = first.replace(schema, f"{schema}_b")
    Asked(store).run("")
    request.addfinalizer(lambda: Asked(first).run(f"DROP SCHEMA {schema}_b CASCADE"))
    return store, lambda query: Asked(store).rows(query.replace("tense_", ""))


def behind_a_pooler(request: pytest.FixtureRequest) -> tuple[str, Ask]:
    """A database of the test's own: no session there has a search path of its own, the database has one for all."""
    pooler, server = (request.getfixturevalue(name) for name in ("pgbouncer_server", "postgres_server"))
    name = f"kill_{uuid4().hex[:12]}"
    direct = Asked(f"{server.rpartition('/')[0]}/{name}?schema=tense&search_path=tense")
    Asked(server).rows(f"CREATE DATABASE {name}")
    request.addfinalizer(lambda: Asked(server).rows(f"DROP DATABASE {name} WITH (FORCE)"))
    Asked(server).rows(f"ALTER DATABASE {name} SET search_path = tense")
    direct.run(tables("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))
    store = f"{pooler.rpartition('/')[0]}/{name}?pooler=transaction"
    return store, lambda query: direct.rows(query.replace("tense_", ""))


def on_sqlite(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Ask]:
    file = folder / "fleet.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(tables("INTEGER PRIMARY KEY AUTOINCREMENT"))

    def ask(query: str) -> list[tuple]:
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            return connection.execute(query).fetchall()

    return f"sqlite:///{file}", ask


def on_postgres(request: pytest.FixtureRequest, folder: Path) -> tuple[str, Ask]:
    store = request.getfixturevalue("postgres")
    asked = Asked(store)
    asked.run(tables("bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))
    return store, lambda query: asked.rows(query.replace("tense_", ""))


def tables(number: str) -> str:
    sys.path.insert(0, str(HERE))
    from fleet import TABLES

    return TABLES.format(number=number)


def wait_until(condition, limit: float, what: str) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit} s: {what}"
        time.sleep(0.1)


def test_kills_at_random_moments_lose_nothing_and_double_nothing(fleet: Fleet) -> None:
    names = ["sender-1", "sender-2", "worker-1", "worker-2"]
    chance = random.Random(4)
    for name in names:
        fleet.start(name)
    wait_until(lambda: len(fleet.accepted()) > 20, 30, "the first orders are accepted")

    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 0.6))
        victims = chance.choice(
            [["sender-1"], ["worker-1"], ["worker-2"], ["sender-2", "worker-1"], ["worker-1", "worker-2"]]
        )
        for name in victims:
            fleet.kill(name)
        for name in victims:
            fleet.start(name)
    drain(fleet)
    judge(fleet)


STILL = 60.0
"""Seconds without a single message handled, after which what is left is taken for lost."""


def drain(fleet: Fleet) -> None:
    """Stop the senders and wait until everything accepted is handled, for as long as any of it is being handled."""
    for name in [name for name in fleet.running if not name.startswith("worker")]:
        fleet.kill(name)
    left, since = left_of(fleet), time.monotonic()
    while sum(left):
        assert time.monotonic() < since + STILL, (
            f"nothing is handled for {STILL:g} s: {left} commands and events are left"
        )
        time.sleep(0.1)
        if (now := left_of(fleet)) != left:
            left, since = now, time.monotonic()
    fleet.stop()


def left_of(fleet: Fleet) -> tuple[int, int]:
    """Commands that have not ended, and events that were not seen."""
    open_commands = fleet.ask("SELECT count(*) FROM tense_command WHERE state IN (0, 1, 2)")[0][0]
    placed = fleet.ask("SELECT count(*) FROM effects")[0][0]
    return open_commands, max(0, placed - fleet.ask("SELECT count(*) FROM seen")[0][0])


# On one file a worker that is stopped while it writes keeps everybody waiting, as it must: nobody can take its lanes over.
# tests/system/test_processes.py stops one there that does not write.
@pytest.mark.parametrize(
    "fleet", [STORES[1], STORES[5], pytest.param("postgres via another postgres", marks=SERVER)], indirect=True
)
def test_a_worker_that_wakes_up_after_its_lease_changes_nothing_any_more(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENSE_FLEET_PAUSE", "0.1")
    for name in ("sender-1", "sender-2", "worker-1", "worker-2"):
        fleet.start(name)
    wait_until(lambda: len(fleet.accepted()) > 20, 30, "the first orders are accepted")
    owned = "SELECT owner, count(*) FROM tense_lane WHERE owner IS NOT NULL GROUP BY owner"
    for name in ("worker-1", "worker-2", "worker-1"):
        wait_until(lambda: [row[1] for row in fleet.ask(owned)] == [96, 96], 30, "two workers share the lanes")
        asleep = fleet.running[name]
        asleep.send_signal(signal.SIGSTOP)
        wait_until(lambda: [row[1] for row in fleet.ask(owned)] == [192], 30, "the other takes over")
        done = fleet.ask("SELECT count(*) FROM seen")[0][0]
        wait_until(lambda done=done: fleet.ask("SELECT count(*) FROM seen")[0][0] > done, 30, "work goes on")
        asleep.send_signal(signal.SIGCONT)
    drain(fleet)

    judge(fleet)


@pytest.mark.parametrize(
    "fleet", [pytest.param("pgbouncer", marks=[SERVER, pytest.mark.server("pgbouncer")])], indirect=True
)
def test_behind_a_pooler_kills_lose_nothing_and_part_no_row_from_its_message(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens there: an order whose charge is another worker's is found by polling, and takes its time.
    monkeypatch.setenv("TENSE_FLEET_PAUSE", "0.3")
    for name in ("sender-1", "worker-1", "worker-2"):
        fleet.start(name)
    wait_until(fleet.accepted, 30, "the first orders are accepted")
    fleet.start("outbox-1")
    seen = "SELECT count(*) FROM seen"
    for victim in ("worker-1", "outbox-1", "worker-2"):
        done = fleet.ask(seen)[0][0]
        wait_until(lambda done=done: fleet.ask(seen)[0][0] > done + 20, 30, "orders are placed and seen")
        fleet.kill(victim)
        fleet.start(victim)
    drain(fleet)

    judge(fleet)
    asked, ordered = (
        fleet.ask("SELECT order_id FROM asked"),
        fleet.ask("SELECT id FROM command WHERE id LIKE 'outbox%'"),
    )
    assert len(asked) > 20
    assert sorted(asked) == sorted(ordered), "a row without its message, or a message without its row"


def judge(fleet: Fleet) -> None:
    accepted = fleet.accepted()
    known = {row[0] for row in fleet.ask("SELECT id FROM tense_command")}
    assert [order for order in accepted if order not in known] == [], "accepted and lost"

    ended = fleet.ask("SELECT id FROM tense_command WHERE outcome IS NULL")
    assert ended == [], "accepted without an outcome"
    assert fleet.ask("SELECT id, reason FROM tense_dead") == []

    declined = {order for order in known if order.endswith("7") and order in set(accepted)}
    effects = [row[0] for row in fleet.ask("SELECT order_id FROM effects ORDER BY place")]
    assert len(effects) == len(set(effects)), "an effect is doubled"
    assert set(accepted) - set(effects) == declined, "accepted, and neither done nor refused"

    charges = [row[0] for row in fleet.ask("SELECT order_id FROM charges")]
    assert len(charges) == len(set(charges)), "a card is charged twice"

    seen = [row[0] for row in fleet.ask("SELECT order_id FROM seen")]
    assert sorted(seen) == sorted(effects), "an event is lost or doubled"
    for table in ("effects", "seen"):
        numbers: dict[str, int] = {}
        for customer, number in fleet.ask(f"SELECT customer, number FROM {table} ORDER BY place"):
            assert number > numbers.get(customer, -1), f"{table}: {customer} out of order"
            numbers[customer] = number
    print(f"{ROUNDS} rounds, {len(accepted)} accepted, {len(effects)} done, {len(declined)} refused: all accounted for")
