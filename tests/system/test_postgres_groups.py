"""Handlers that share a transaction of PostgreSQL: each is on its own but for the commit."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from writing import INSERT, WAYS, Shop, Write, Written, ended, plain, shop, until

from tense import App, CommandFailed, Publish, Retry, Service, Transaction
from tense.adapters.stores.postgres.core import SHARED_CONNECTIONS
from tense.adapters.stores.postgres.settling import Settling

pytestmark = pytest.mark.server("postgres")


async def test_handlers_share_a_transaction_and_all_of_them_are_told(postgres: str) -> None:
    one, sent = Shop(postgres), 0
    async with one.running() as client:
        # Where the machine is busy nobody waits for long, and each may have gone alone.
        for _ in range(20):
            assert await ended(client, *(Write(key=f"{n}") for n in range(60))) == ["NoneType"] * 60
            sent += 60
            ((rows, transactions),) = await one.ask("SELECT count(*), count(DISTINCT tx) FROM written")
            assert rows == sent
            if transactions < rows:
                break

        assert transactions < rows
        assert await one.ask("SELECT count(*) FROM log") == [(sent + 1,)]


@pytest.mark.parametrize(("how", "told", "kept"), WAYS)
async def test_one_that_fails_undoes_only_its_own(postgres: str, how: str, told: str, kept: int) -> None:
    one = Shop(postgres)
    async with one.running() as client:
        commands = [Write(key=f"{n}", number=n, how=how if n % 10 == 5 else "") for n in range(30)]
        found = await ended(client, *commands)

        assert found == [told if n % 10 == 5 else "NoneType" for n in range(30)]
        ((rows, different, failed),) = await one.ask(
            "SELECT count(*), count(DISTINCT number), count(*) FILTER (WHERE number % 10 = 5) FROM written"
        )
        assert (rows, different, failed) == (27 + kept, 27 + kept, kept)
        assert await one.ask("SELECT count(*) FROM log") == [(28 + kept,)]
        assert await one.ask("SELECT count FROM stock ORDER BY name") == [(0,), (kept,)]


async def test_what_a_key_says_stays_in_order(postgres: str) -> None:
    one, broken = Shop(postgres), set[int]()

    async def breaking(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.number % 20 == 10 and command.number not in broken:
            broken.add(command.number)
            raise ValueError("broken once")

    one.handle = breaking
    async with one.running(Retry(attempts=3, first=timedelta(milliseconds=10))) as client:
        for number in range(200):
            await client.send(Write(key=f"{number % 7}", number=number))
        await until(lambda: settled(one))

        for key in range(7):
            numbers = [row[0] for row in await one.ask(f"SELECT number FROM written WHERE key = '{key}' ORDER BY at")]
            assert numbers == list(range(key, 200, 7))


async def settled(one: Shop) -> bool:
    return await one.ask("SELECT count(*) FROM command WHERE state <> 3") == [(0,)]


async def test_a_slow_handler_does_not_hold_the_others(postgres: str) -> None:
    one, gate = Shop(postgres), asyncio.Event()

    async def slow(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how == "slow":
            await gate.wait()

    one.handle = slow
    async with one.running() as client:
        waiting = asyncio.create_task(ended(client, Write(key="slow", how="slow")))
        await until(lambda: in_transaction(one))

        assert await ended(client, *(Write(key=f"{n}") for n in range(50))) == ["NoneType"] * 50
        assert not waiting.done()
        gate.set()
        assert await waiting == ["NoneType"]
        assert await one.ask("SELECT count(*) FROM written") == [(51,)]


async def test_after_a_commit_that_kept_others_waiting_for_too_long_transactions_are_shared_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, write, gate, held = Shop(postgres), Settling.write, asyncio.Event(), 0

    async def waiting(self: Any, connection: Any, endings: Any, tidings: Any) -> None:
        nonlocal held
        if any(b"slow" in ending.delivery.body for ending in endings):
            held += 1
            await gate.wait()
        await write(self, connection, endings, tidings)

    async with one.running() as client:
        monkeypatch.setattr(Settling, "write", waiting)
        slow = list[asyncio.Task[list[str]]]()
        for number in range(SHARED_CONNECTIONS):
            slow.append(asyncio.create_task(ended(client, Write(key=f"slow {number}", how="slow"))))
            await until(lambda: is_so(held == len(slow)))

        assert await ended(client, *(Write(key=f"{n}") for n in range(20))) == ["NoneType"] * 20
        gate.set()
        assert await asyncio.gather(*slow) == [["NoneType"]] * len(slow)
        await one.ask("DELETE FROM written")
        # As above: where the machine is busy each may have gone alone.
        for _ in range(20):
            await ended(client, *(Write(key=f"{n}") for n in range(60)))
            ((rows, transactions),) = await one.ask("SELECT count(*), count(DISTINCT tx) FROM written")
            if transactions < rows:
                break

        assert transactions < rows


async def is_so(condition: bool) -> bool:
    return condition


async def in_transaction(one: Shop) -> bool:
    """Whether a handler's transaction is open and silent."""
    return bool(await one.ask(BACKENDS.format(schema=one.asked.schema)))


BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE state = 'idle in transaction' AND query LIKE 'INSERT INTO written%' AND pid IN (
    SELECT l.pid FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n
    ON n.oid = c.relnamespace WHERE n.nspname = '{schema}' AND c.relname = 'written')
"""


async def test_whose_connection_ends_in_the_middle_begins_anew_and_counts_once(postgres: str) -> None:
    one, gate, reached = Shop(postgres), asyncio.Event(), asyncio.Event()

    async def stopping(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how == "stop" and not gate.is_set():
            reached.set()
            await gate.wait()
            await plain(command, db)

    one.handle = stopping
    async with one.running(Retry(attempts=5, first=timedelta(milliseconds=10))) as client:
        before = asyncio.create_task(ended(client, *(Write(key=f"{n}", number=n) for n in range(40))))
        stopped = asyncio.create_task(ended(client, Write(key="stop", number=99, how="stop")))
        await reached.wait()
        await until(lambda: in_transaction(one))
        await one.ask(f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS.format(schema=one.asked.schema)}) AS b")
        gate.set()

        assert await before == ["NoneType"] * 40
        assert await stopped == ["NoneType"]
        ((rows, different),) = await one.ask("SELECT count(*), count(DISTINCT number) FROM written")
        assert (rows, different) == (41, 41)


@pytest.mark.parametrize("count_first", [True, False], ids=["lock first", "lock after a row"])
async def test_sharing_a_transaction_makes_nobody_fail_for_a_lock(postgres: str, count_first: bool) -> None:
    """Each locks one row. Alone they could never wait for each other in a circle; two groups of them do."""
    one = Shop(postgres)
    count = "UPDATE stock SET count = count + 1 WHERE name = :name"

    async def counting(command: Write, db: Transaction) -> None:
        if count_first:
            await db.execute(count, name=command.how or "a")
        await db.execute(INSERT, key=command.key, number=command.number)
        if not count_first:
            await db.execute(count, name=command.how or "a")

    one.handle = counting
    async with one.running() as client:
        commands = [Write(key=f"{n}", number=n, how="ab"[n // 2 % 2]) for n in range(100)]

        assert await ended(client, *commands) == ["NoneType"] * 100
        assert await one.ask("SELECT name, count FROM stock ORDER BY name") == [("a", 51), ("b", 50)]
        assert await one.ask("SELECT count(*), count(DISTINCT number) FROM written") == [(100, 100)]


async def test_whoever_waits_for_a_lock_steps_aside_and_the_others_commit(postgres: str) -> None:
    one = Shop(postgres)

    async def counting(command: Write, db: Transaction) -> None:
        if command.how:
            await db.execute("UPDATE stock SET count = count + 1 WHERE name = :name", name=command.how)
        await db.execute(INSERT, key=command.key, number=command.number)

    one.handle = counting
    async with one.running() as client:
        holder = await one.asked.connect()
        await holder.execute("BEGIN; UPDATE stock SET count = 100 WHERE name = 'a'")
        waiting = asyncio.create_task(ended(client, Write(key="held", how="a")))
        others = [Write(key=f"{n}", number=n) for n in range(40)]

        assert await ended(client, *others) == ["NoneType"] * 40
        assert not waiting.done()
        await holder.execute("COMMIT")
        await holder.close()
        assert await waiting == ["NoneType"]
        assert await one.ask("SELECT count FROM stock WHERE name = 'a'") == [(101,)]


@pytest.mark.parametrize("when", ["first", "last"])
async def test_settings_of_one_handler_are_not_seen_by_the_next(postgres: str, when: str) -> None:
    one, say = Shop(postgres), "SELECT set_config('shop.tenant', 'acme', true)"

    async def tenant(command: Write, db: Transaction) -> None:
        if command.how == "first":
            await db.fetch_value(say)
        await plain(command, db)
        if command.how == "last":
            await db.fetch_value(say)

    one.handle = tenant
    async with one.running() as client:
        await ended(client, *(Write(key=f"{n}", number=n, how=when if n % 8 == 3 else "") for n in range(80)))

        rows = await one.ask("SELECT number % 8, tenant FROM written WHERE tenant <> '' GROUP BY 1, 2")
        assert rows == ([(3, "acme")] if when == "first" else [])


@pytest.mark.parametrize("uses", [True, False])
async def test_what_the_database_cannot_keep_is_a_failure_of_who_said_it(postgres: str, *, uses: bool) -> None:
    starts, service = 0, Service(shop)

    @service.handles(Write, retry=Retry(attempts=2, first=timedelta(milliseconds=10)))
    async def write(command: Write, db: Transaction, publish: Publish[Written]) -> None:
        nonlocal starts
        starts += 1
        if uses:
            await db.fetch_value("SELECT count(*) FROM pg_class")
        publish(Written(key=f"{command.key}\0"))

    async with App(service).running(store=postgres) as client:
        with pytest.raises(CommandFailed, match="exhausted: UnencodableError"):
            await client.execute(Write(key="a"), timeout=20)

    assert starts == 2


async def test_an_error_that_nobody_thought_of_while_committing_leaves_nobody_waiting(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, write, broken = Shop(postgres), Settling.write, 1

    async def breaking(*arguments: Any) -> None:
        nonlocal broken
        broken -= 1
        if broken == 0:
            raise KeyError("nobody thought of it")
        await write(*arguments)

    async with one.running() as client:
        monkeypatch.setattr(Settling, "write", breaking)

        assert await ended(client, *(Write(key=f"{n}") for n in range(10))) == ["NoneType"] * 10
        assert await one.ask("SELECT count(*) FROM written") == [(10,)]
