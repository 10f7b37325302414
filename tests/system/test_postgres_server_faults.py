"""A server that is restarted, killed, frozen and shot in the leg under full load: nothing lost, nothing doubled, in order."""

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from asked import Asked
from own_postgres import OwnPostgres, own_postgres

from tense import App, Client, Command, Contract, Event, Metadata, Publish, Retry, Service, Transaction
from tense.errors import StoreError
from tense.runtime.engine import Seams
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

TOTAL = int(os.environ.get("TENSE_RESTART_SENDS", "10000"))
SENDERS = 50

shop = Contract("shop")
STEADY = Retry(attempts=1000)


class Order(Command, owner=shop, key="customer"):
    customer: str
    number: int


class Ordered(Event, owner=shop, key="customer"):
    customer: str
    number: int


ordering = Service(shop)
hearing = Service(Contract("hearing"))

TABLES = """
CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, id text, customer text, number int);
CREATE TABLE heard (place bigint GENERATED ALWAYS AS IDENTITY, id text, customer text, number int);
"""
WRITE = "INSERT INTO {} (id, customer, number) VALUES (:id, :customer, :number)"


@ordering.handles(Order, retry=STEADY)
async def order(command: Order, db: Transaction, publish: Publish[Ordered], about: Metadata) -> None:
    await db.execute(WRITE.format("effects"), id=about.id, customer=command.customer, number=command.number)
    publish(Ordered(customer=command.customer, number=command.number))


@hearing.subscribes(Ordered, retry=STEADY, from_start=True)
async def hear(event: Ordered, db: Transaction, about: Metadata) -> None:
    await db.execute(WRITE.format("heard"), id=about.id, customer=event.customer, number=event.number)


app = App(ordering, hearing, lease=3.0)


@pytest.fixture(scope="module")
def server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def place(server: OwnPostgres, request: pytest.FixtureRequest) -> str:
    store = server.store(f"s{abs(hash(request.node.name)) % 10**9}")
    Asked(store).run(TABLES)
    return store


async def send_all(client: Client, count: int, accepted: list[str]) -> None:
    """Send in many tasks; whoever is refused sends the same id again until it is taken."""

    async def one(sender: int) -> None:
        for number in range(count // SENDERS):
            id_ = f"{sender}-{number}"
            while True:
                try:
                    ticket = await client.send(Order(customer=f"{sender}", number=number), id=id_)
                except StoreError:
                    await asyncio.sleep(0.05)
                else:
                    assert ticket.id == id_
                    accepted.append(id_)
                    break

    await asyncio.gather(*(one(sender) for sender in range(SENDERS)))


@asynccontextmanager
async def while_sending(store: str, count: int) -> AsyncIterator[list[str]]:
    """Senders and a worker at work on a store; leaving waits until all is handled, and judges."""
    accepted: list[str] = []
    async with app.running(store=store), app.client(store=store) as client:
        sending = asyncio.ensure_future(send_all(client, count, accepted))
        yield accepted
        await sending
        await until(lambda: counted(store) == (count, count), 120)
    await asyncio.to_thread(judge, store, accepted, count)


async def until(condition: Callable[[], bool], limit: float = 60) -> None:
    async with asyncio.timeout(limit):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)


def counted(store: str) -> tuple[int, int]:
    query = "SELECT (SELECT count(DISTINCT id) FROM effects), (SELECT count(DISTINCT id) FROM heard)"
    return Asked(store).rows(query)[0]


def judge(store: str, accepted: list[str], count: int) -> None:
    asked = Asked(store)
    assert len(accepted) == len(set(accepted)) == count
    effects = asked.rows("SELECT id, customer, number FROM effects ORDER BY place")
    heard = asked.rows("SELECT id, customer, number FROM heard ORDER BY place")
    assert set(accepted) - {row[0] for row in effects} == set(), "accepted and lost"
    for rows in (effects, heard):
        assert [id_ for id_, times in Counter(row[0] for row in rows).items() if times > 1] == [], "doubled"
        by_key: dict[str, list[int]] = defaultdict(list)
        for _, customer, number in rows:
            by_key[customer].append(number)
        for customer, numbers in by_key.items():
            assert all(a < b for a, b in pairwise(numbers)), f"{customer} out of order: {numbers}"
    assert asked.rows("SELECT count(*) FROM command WHERE state <> 3") == [(0,)]
    assert asked.rows("SELECT count(*) FROM dead") == [(0,)]


async def test_a_server_restarted_and_killed_in_the_middle_of_many_sends_loses_and_doubles_nothing(
    server: OwnPostgres, place: str
) -> None:
    async with while_sending(place, TOTAL) as accepted:
        await until(lambda: len(accepted) > TOTAL // 3)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await until(lambda: len(accepted) > TOTAL // 2)
        await asyncio.to_thread(server.stop, signal.SIGKILL)
        await asyncio.to_thread(server.start)


async def test_a_backend_that_is_killed_takes_all_sessions_with_it_and_nothing_is_lost(
    server: OwnPostgres, place: str
) -> None:
    working = (
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() "
        "ORDER BY backend_start DESC LIMIT 1"
    )
    async with while_sending(place, TOTAL // 5) as accepted:
        for part in (4, 2):
            await until(lambda part=part: len(accepted) > TOTAL // 5 // part)
            ((pid,),) = await asyncio.to_thread(Asked(place).rows, working)
            os.kill(pid, signal.SIGKILL)


async def test_a_server_frozen_for_longer_than_a_lease_goes_on_where_it_stopped(
    server: OwnPostgres, place: str
) -> None:
    async with while_sending(place, TOTAL // 5) as accepted:
        await until(lambda: len(accepted) > TOTAL // 20)
        with server.frozen():
            await asyncio.sleep(2 * app.lease)


class Stepping:
    """The system's clock, whose hands somebody moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return SystemClock.now() + self.ahead

    def __getattr__(self, name: str) -> Any:
        return getattr(SystemClock(), name)


async def test_a_worker_whose_clock_jumps_keeps_its_lanes_and_doubles_nothing(place: str) -> None:
    owners = "SELECT consumer, lane, owner, token FROM lane ORDER BY 1, 2"
    clock, asked, accepted = Stepping(), Asked(place), list[str]()
    seams = Seams(clock, SystemChance(), SystemSpawn())
    async with app.running(store=place, seams=seams), app.running(store=place), app.client(store=place) as client:
        shares = "SELECT count(*) FROM (SELECT owner FROM lane GROUP BY 1 HAVING count(*) = 64) AS s"
        await until(lambda: asked.rows(shares) == [(2,)])
        before = await asyncio.to_thread(asked.rows, owners)
        sending = asyncio.ensure_future(send_all(client, SENDERS * 20, accepted))
        for hours in (1, -1, 0):
            clock.ahead = hours * 3600.0
            reached = min(len(accepted) + SENDERS * 5, SENDERS * 20)
            await until(lambda reached=reached: len(accepted) >= reached)
            await asyncio.sleep(app.lease / 2)
        await sending
        await until(lambda: counted(place) == (SENDERS * 20, SENDERS * 20))
        assert await asyncio.to_thread(asked.rows, owners) == before
    await asyncio.to_thread(judge, place, accepted, SENDERS * 20)
