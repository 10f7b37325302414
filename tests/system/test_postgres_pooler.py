"""Behind PgBouncer in transaction mode: no session lasts longer than a transaction, nobody can listen, and all goes on."""

import asyncio

import pytest
from asked import Asked

from tense import App
from words import Log, OrderPlaced, PlaceOrder, publisher, subscriber

pytestmark = [pytest.mark.server("postgres"), pytest.mark.server("pgbouncer")]

COUNT = 200


@pytest.fixture
def pooled(postgres: str, pgbouncer_server: str) -> str:
    return f"{pgbouncer_server}?schema={Asked(postgres).schema}&pooler=transaction"


async def heard(log: Log, count: int) -> None:
    async with asyncio.timeout(60):
        while len(log) < count:
            await asyncio.sleep(0.01)


async def test_two_processes_behind_a_pooler_handle_everything_once(postgres: str, pooled: str) -> None:
    logs = Log(), Log()
    one, two = (App(publisher(), subscriber("email", log)) for log in logs)
    async with one.running(store=pooled) as client, two.running(store=pooled):
        sends = (client.send(PlaceOrder(order_id=f"{n % 7}", number=n)) for n in range(COUNT))
        tickets = await asyncio.gather(*sends)
        await asyncio.gather(*(ticket.result(timeout=60) for ticket in tickets))
        async with asyncio.timeout(60):
            while len(logs[0]) + len(logs[1]) < COUNT:
                await asyncio.sleep(0.01)

    assert sorted([*logs[0], *logs[1]]) == sorted(f"{n % 7}.{n}" for n in range(COUNT))
    assert await asyncio.to_thread(Asked(postgres).rows, "SELECT count(*) FROM command WHERE state <> 3") == [(0,)]
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    assert Asked(postgres).schema not in str(await asyncio.to_thread(Asked(postgres).rows, sessions))


async def test_what_another_process_sent_is_found_by_polling(pooled: str) -> None:
    log = Log()
    async with App(publisher(), subscriber("email", log)).running(store=pooled):
        async with App(publisher()).client(store=pooled) as sender:
            await sender.publish(OrderPlaced(order_id="a", number=1))
            ticket = await sender.send(PlaceOrder(order_id="a", number=2))
            assert (await ticket.result(timeout=30)).order_id == "a"
        await heard(log, 2)

    assert log == ["a.1", "a.2"]


async def test_sessions_that_the_server_ends_behind_the_pooler_cost_nothing(postgres: str, pooled: str) -> None:
    log = Log()
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        f"AND query LIKE '%{Asked(postgres).schema}%'"
    )
    async with App(publisher(), subscriber("email", log)).running(store=pooled) as client:
        for number in range(20):
            await client.send(PlaceOrder(order_id="a", number=number))
            if number % 7 == 3:
                await asyncio.to_thread(Asked(postgres).rows, kill)
        while len(set(log)) < 20:
            await heard(log, len(log) + 1)

    assert list(dict.fromkeys(log)) == [f"a.{number}" for number in range(20)]
