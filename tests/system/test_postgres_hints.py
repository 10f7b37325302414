"""NOTIFY alone: what one process accepts another handles at once. Nobody polls here, so a hint that is lost is seen."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asked import Asked

from tense import App, Client
from tense.runtime.system import SystemClock
from tense.testing.breakers.proxy import Weather, proxy
from words import Log, OrderPlaced, PlaceOrder, placing, publisher, subscriber

pytestmark = pytest.mark.server("postgres")

Commit = Callable[[], Awaitable[object]]


@pytest.fixture(autouse=True)
def no_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who hears looks once in an hour, beyond what it hears."""
    from tense.adapters.stores.postgres import news

    monkeypatch.setattr(news, "POLL", 3600.0)


async def noted(log: Log, entry: str, limit: float = 30.0) -> None:
    end = SystemClock.elapsed() + limit
    while entry not in log:
        assert SystemClock.elapsed() < end, f"no {entry} in {log} after {limit} s"
        await asyncio.sleep(0.01)


async def each_is_noted(client: Client, log: Log, name: str) -> None:
    """One after the other, so that each finds a worker that has nothing to do."""
    for number in range(3):
        await client.send(PlaceOrder(order_id=name, number=number))
        await noted(log, f"{name}.{number}")


async def test_what_one_process_accepts_is_handled_in_another_without_a_poll(postgres: str) -> None:
    log, heard = Log(), Log()
    apps = App(placing(log)), App(subscriber("email", heard)), App(publisher())
    async with (
        apps[0].running(store=postgres),
        apps[1].running(store=postgres),
        apps[2].client(store=postgres) as client,
    ):
        await each_is_noted(client, log, "a")
        for number in range(3):
            await client.publish(OrderPlaced(order_id="b", number=number))
            await noted(heard, f"b.{number}")

    assert log == ["a.0", "a.1", "a.2"]
    assert heard == ["b.0", "b.1", "b.2"]


async def test_an_outcome_is_told_in_another_process_without_a_poll(postgres: str) -> None:
    async with App(publisher()).running(store=postgres), App(publisher()).client(store=postgres) as client:
        for order in "abc":
            assert (await client.execute(PlaceOrder(order_id=order), timeout=10)).order_id == order


@asynccontextmanager
async def by_asyncpg(dsn: str) -> AsyncIterator[tuple[Any, Commit]]:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        yield connection, transaction.commit
    finally:
        await connection.close()


@asynccontextmanager
async def by_psycopg(dsn: str) -> AsyncIterator[tuple[Any, Commit]]:
    psycopg = pytest.importorskip("psycopg")
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        yield connection, connection.commit


@pytest.mark.parametrize("joined", [by_asyncpg, by_psycopg])
async def test_what_is_said_in_a_users_transaction_is_handled_elsewhere_when_that_commits(
    postgres: str, joined: Callable[[str], Any]
) -> None:
    log, heard = Log(), Log()
    says = App(publisher(), store=postgres)
    async with App(placing(log), subscriber("email", heard)).running(store=postgres):
        for number in range(3):
            async with joined(postgres.partition("?")[0]) as (connection, commit):
                async with says.outbox(connection) as out:
                    out.send(PlaceOrder(order_id="a", number=number))
                    out.publish(OrderPlaced(order_id="b", number=number))
                assert f"a.{number}" not in log
                await commit()
            await noted(log, f"a.{number}")
            await noted(heard, f"b.{number}")


@pytest.mark.filterwarnings("ignore:nobody has ever run")
async def test_many_sends_make_few_notifications(postgres: str) -> None:
    from tense.adapters.stores.postgres.hints import PAUSE

    told: list[str] = []
    listener = await Asked(postgres).connect()
    try:
        await listener.add_listener(f"tense_{Asked(postgres).schema}", lambda *heard: told.append(heard[-1]))
        async with App(publisher()).client(store=postgres) as client:
            begin = SystemClock.elapsed()

            async def send(sender: int) -> None:
                for number in range(50):
                    await client.send(PlaceOrder(order_id=f"{sender}", number=number))

            await asyncio.gather(*map(send, range(8)))
            took = SystemClock.elapsed() - begin
        await listener.execute("SELECT 1")
    finally:
        await listener.close()

    assert 1 <= len(told) <= took / PAUSE + 2


async def test_a_listening_connection_that_the_network_forgot_is_made_anew(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tense.adapters.stores.postgres import hints

    monkeypatch.setattr(hints, "ASK", 0.3)
    log = Log()
    host, port = re.findall(r"@([\w.]+):(\d+)/", postgres)[0]
    async with proxy(host, int(port)) as network, App(publisher()).client(store=postgres) as client:
        there = postgres.replace(f"@{host}:{port}/", f"@127.0.0.1:{network.port}/")
        async with App(placing(log), lease=1.0).running(store=there):
            await each_is_noted(client, log, "before")

            # As a router that lost its table: connections stay, and nothing comes of them; new ones work.
            network.up.swallow = network.down.swallow = True
            network.up, network.down = Weather(), Weather()

            await client.send(PlaceOrder(order_id="meanwhile"))
            await noted(log, "meanwhile.0")
            await each_is_noted(client, log, "afterwards")


async def test_only_a_hint_does_not_wait_for_the_disk(postgres: str) -> None:
    from tense.adapters.stores.postgres.hints import TELL

    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    session, listener = await Asked(postgres).connect(), await Asked(postgres).connect()
    await listener.add_listener("kit_told", lambda *words: heard.set_result(words[-1]))

    during = await session.fetchval(TELL, "kit_told", "a")

    assert await asyncio.wait_for(heard, 10) == "a"
    assert (during, await session.fetchval("SHOW synchronous_commit")) == ("off", "on")
    await session.close()
    await listener.close()
