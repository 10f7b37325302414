"""kill -9 of senders, workers or both at random moments, on one file with four processes."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("TENSE_KILL_ROUNDS", "50"))


class Fleet:
    """Two senders and two workers; any of them may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "fleet.db"
        self.ledger = folder / "accepted.txt"
        self.ledger.touch()
        self.errors = folder / "errors.txt"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        verb = "send" if name.startswith("sender") else "work"
        command = [sys.executable, str(HERE / "fleet.py"), verb, f"sqlite:///{self.file}", name, str(self.ledger)]
        with self.errors.open("ab") as errors:
            self.running[name] = subprocess.Popen(command, stderr=errors)

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for name in list(self.running):
            self.kill(name)

    def ask(self, query: str) -> list[tuple]:
        connection = sqlite3.connect(self.file, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def accepted(self) -> list[str]:
        return self.ledger.read_text().splitlines()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    connection = sqlite3.connect(fleet.file)
    sys.path.insert(0, str(HERE))
    from fleet import TABLES

    connection.executescript(TABLES)
    connection.close()
    yield fleet
    fleet.stop()


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
    for name in ("sender-1", "sender-2"):
        fleet.kill(name)

    def drained() -> bool:
        open_commands = fleet.ask("SELECT count(*) FROM tense_command WHERE state IN (0, 1, 2)")[0][0]
        placed = fleet.ask("SELECT count(*) FROM tense_log")[0][0]
        return open_commands == 0 and fleet.ask("SELECT count(*) FROM seen")[0][0] >= placed

    wait_until(drained, 120, "everything accepted is handled")
    fleet.stop()
    judge(fleet)


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
    counted = Counter(seen)
    assert {order: times for order, times in counted.items() if times > 1} == {}, "an event is doubled"
    assert set(effects) - set(seen) == set(), "an event is lost"
    assert set(seen) - set(effects) == set(), "an event of nothing that was done"
    for table in ("effects", "seen"):
        numbers: dict[str, int] = {}
        for customer, number in fleet.ask(f"SELECT customer, number FROM {table} ORDER BY place"):
            assert number > numbers.get(customer, -1), f"{table}: {customer} out of order"
            numbers[customer] = number
    print(f"{ROUNDS} rounds, {len(accepted)} accepted, {len(effects)} done, {len(declined)} refused: all accounted for")
