"""A worker of a Django project is killed again and again, and each order is booked once, with its event."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from asked import Asked

pytestmark = pytest.mark.system

Ask = Callable[[str], list[tuple[Any, ...]]]

SHOP = """
import os, sys
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

parts = urlsplit(os.environ["SHOP"])
sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path[1:]}
postgres = {
    "ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "HOST": parts.hostname, "PORT": parts.port,
    "USER": parts.username,
    "OPTIONS": {"options": "-c search_path=" + parse_qs(parts.query).get("schema", [""])[0]},
    "CONN_MAX_AGE": None,
}
settings.configure(DATABASES={"default": sqlite if parts.scheme == "sqlite" else postgres}, USE_TZ=True)
django.setup()

from django.db import connection
from tense import App, Command, Contract, Event, Publish, Service
from tense.django.unit import DjangoUnit

orders = Contract("orders")


class BookOrder(Command[int], owner=orders, key="order_id"):
    order_id: str


class OrderBooked(Event, owner=orders, key="order_id"):
    order_id: str


booking, counting = Service(orders), Service(Contract("counting"))


@booking.handles(BookOrder)
def book(command: BookOrder, publish: Publish[OrderBooked]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO booked VALUES (%s)", [command.order_id])
    publish(OrderBooked(order_id=command.order_id))
    return 1


@counting.subscribes(OrderBooked, from_start=True)
def count(event: OrderBooked) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO counted VALUES (%s)", [event.order_id])


app = App(booking, counting, store=os.environ["SHOP"], unit_of_work=DjangoUnit(), lease=2.0)
"""

SEND = """
import asyncio, shop

async def send():
    async with shop.app.client() as client:
        for number in range(400):
            await client.send(shop.BookOrder(order_id=f"{number:03}"), id=f"{number:03}")

asyncio.run(send())
"""

TABLES = "CREATE TABLE booked (order_id text); CREATE TABLE counted (order_id text)"

KILLS = 12


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Ask]:
    """The address of the store, and who answers questions to it."""
    if request.param == "postgres":
        address = str(request.getfixturevalue("postgres"))
        asked = Asked(address)
        asked.run(TABLES)
        return address, asked.rows

    def ask(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(tmp_path / "shop.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()

    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(TABLES)
    return f"sqlite:///{tmp_path}/shop.db", ask


def test_each_order_is_booked_and_counted_once_whatever_is_killed(store: tuple[str, Ask], tmp_path: Path) -> None:
    address, ask = store
    (tmp_path / "shop.py").write_text(SHOP)
    environment = {**os.environ, "SHOP": address, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", SEND], cwd=tmp_path, env=environment, check=True, timeout=60)
    chance, workers = random.Random(7), list[subprocess.Popen[bytes]]()

    def start() -> None:
        command = [sys.executable, "-m", "tense", "run", "shop:app"]
        with (tmp_path / "log.txt").open("ab") as log:
            workers.append(subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log))

    def handled() -> int:
        return int(ask("SELECT (SELECT count(*) FROM booked) + (SELECT count(*) FROM counted)")[0][0])

    try:
        start()
        start()
        for goal in range(800 // KILLS // 2, 800, 800 // KILLS):
            until(lambda goal=goal: handled() >= goal, tmp_path / "log.txt")  # type: ignore[misc]
            victim = workers.pop(chance.randrange(2))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            start()
        until(lambda: handled() >= 800, tmp_path / "log.txt")
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(30)

    once = [(f"{number:03}",) for number in range(400)]
    assert sorted(map(tuple, ask("SELECT order_id FROM booked"))) == once
    assert sorted(map(tuple, ask("SELECT order_id FROM counted"))) == once


def until(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 90
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not within 90 s\n{log.read_text()[-3000:]}")
        time.sleep(0.02)
