"""Behind PgBouncer in transaction mode: no session lasts longer than a transaction, nobody can listen, and all goes on."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from asked import Asked

from tense import App
from tense.adapters.stores.postgres.store import PostgresStore
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import Bench
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


@pytest.mark.parametrize("place", ["between statements", "within a statement"])
async def test_a_worker_that_falls_silent_within_its_transaction_holds_events_up_no_longer_than_its_lease(
    postgres: str, pooled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """No server setting reaches a session behind the pooler: each transaction says its own limit."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import silent

    asked, log = Asked(postgres), Log()
    await asyncio.to_thread(asked.run, f"CREATE TABLE {asked.schema}.effects (pid int)")
    with _falling_silent(pooled, tmp_path / "notes", place) as notes:
        await _exists(notes.with_suffix(".ready"))
        async with App(publisher(), *silent.app.registry.services.values()).client(store=pooled) as sender:
            ticket = await sender.send(silent.Work(effects=f"{asked.schema}.effects"))
        await _exists(notes)
        async with App(publisher(), subscriber("email", log), silent.service, lease=1.0).running(
            store=pooled
        ) as client:
            await client.publish(OrderPlaced(order_id="a", number=0))
            await heard(log, 1)
            by = await client.ticket(silent.Work, ticket.id).result(timeout=30)

    assert by == os.getpid()
    assert await asyncio.to_thread(asked.rows, f"SELECT pid FROM {asked.schema}.effects") == [(by,)]


@contextmanager
def _falling_silent(store: str, notes: Path, place: str) -> Iterator[Path]:
    """A worker that stands still once it has written; at the end it wakes up, goes on with its handler, and stops."""
    worker = subprocess.Popen([sys.executable, str(Path(__file__).with_name("silent.py")), store, str(notes), place])
    try:
        yield notes
        worker.send_signal(signal.SIGCONT)
        worker.wait(timeout=30)
    finally:
        worker.kill()
        worker.wait()


async def _exists(file: Path) -> None:
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(file.exists):
            await asyncio.sleep(0.01)


async def test_a_transaction_has_its_limit_along_with_begin_and_leaves_none_to_others(pooled: str) -> None:
    limit = "SELECT current_setting('idle_in_transaction_session_timeout')"
    store, said = PostgresStore(pooled), list[str]()
    bench = await Bench(store, HandClock(), "bench").open()
    lease = store.core.around.lease
    connection = await store.core.connect()
    connection.add_query_logger(lambda query: said.append(query.query))
    async with connection.transaction():
        found = [await connection.fetchval(limit)]
    found += [await connection.fetchval(limit), await store.core.within(lambda own: own.fetchval(limit))]
    connection.terminate()
    await bench.close()

    assert found == [f"{lease:g}s", "0", f"{lease:g}s"]
    assert [query.partition(" ")[0] for query in said] == ["BEGIN;", "SELECT", "COMMIT;", "SELECT"]
