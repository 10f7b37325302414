"""Handlers that say one insert and no more: what they say goes in one go, and each is still on its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from writing import INSERT, WAYS, Shop, Write, ended, plain, until

from tense import Client, Retry, Transaction
from tense.adapters.stores.postgres.batch import Batch
from tense.adapters.stores.postgres.unit import PostgresUnit

pytestmark = pytest.mark.server("postgres")

TOGETHER = "SELECT count(*), count(DISTINCT xmin::text) FROM written"
"""Rows, and savepoints in which they were written: each has a transaction number of its own."""


class Seen:
    """What became of batches."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[int] = []
        self.undone: list[int] = []
        say, undo = Batch.say, Batch._undo_who_left

        async def saying(batch: Batch, waiters: Any) -> None:
            self.said.append(batch.size)
            await say(batch, waiters)

        async def undoing(batch: Batch) -> None:
            self.undone.append(len(batch._ended))
            await undo(batch)

        monkeypatch.setattr(Batch, "say", saying)
        monkeypatch.setattr(Batch, "_undo_who_left", undoing)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    return Seen(monkeypatch)


@asynccontextmanager
async def alike(one: Shop, retry: Retry | None = None, timeout: float = 60.0) -> AsyncIterator[Client]:
    async with one.running(retry, timeout) as client:
        await one.grow_alike(client)
        yield client


async def test_what_handlers_say_alike_goes_in_one_go(postgres: str) -> None:
    one = Shop(postgres)
    async with alike(one) as client:
        # Where the machine is busy each may have gone alone.
        for _ in range(20):
            await one.ask("DELETE FROM written")
            assert await ended(client, *(Write(key=f"{n}", number=n) for n in range(60))) == ["NoneType"] * 60
            ((rows, savepoints),) = await one.ask(TOGETHER)
            assert rows == 60
            if savepoints < rows / 2:
                break

        assert savepoints < rows / 2
        assert await one.ask("SELECT count(*), count(DISTINCT number) FROM written") == [(60, 60)]


@pytest.mark.parametrize(("how", "told", "kept"), WAYS)
async def test_one_of_a_batch_that_fails_or_says_more_undoes_only_its_own(
    postgres: str, seen: Seen, how: str, told: str, kept: int
) -> None:
    one = Shop(postgres)
    async with one.running() as client:
        # Where the machine is busy each may have gone alone.
        for at in range(20):
            await one.grow_alike(client)
            await one.ask("UPDATE stock SET count = 0")
            before = (await one.ask("SELECT count(*) FROM log"))[0][0]
            commands = [Write(key=f"{at}.{n}", number=n, how=how if n % 10 == 5 else "") for n in range(30)]
            found = await ended(client, *commands)

            assert found == [told if n % 10 == 5 else "NoneType" for n in range(30)]
            ((rows, different, failed),) = await one.ask(
                "SELECT count(*), count(DISTINCT number), count(*) FILTER (WHERE number % 10 = 5) FROM written"
            )
            assert (rows, different, failed) == (27 + kept, 27 + kept, kept)
            assert await one.ask("SELECT count(*) FROM log") == [(before + 27 + kept,)]
            assert await one.ask("SELECT count FROM stock ORDER BY name") == [(0,), (kept,)]
            if seen.undone:
                break

        assert seen.undone


@pytest.mark.parametrize("number", ["20", "not a number"], ids=["taken", "no number"])
async def test_an_insert_that_cannot_be_said_fails_its_own_handler_only(postgres: str, number: str) -> None:
    one = Shop(postgres)

    async def writing(command: Write, db: Transaction) -> None:
        value: Any = number if command.how and not number.isdecimal() else command.number
        await db.execute(INSERT, key=command.key, number=value)

    one.handle = writing
    async with one.running() as client:
        await one.ask(f"CREATE UNIQUE INDEX ON {one.asked.schema}.written (number) WHERE number > 0")
        await one.grow_alike(client)
        commands = [Write(key=f"{n}", number=20 if n == 25 else n, how="bad" if n == 25 else "") for n in range(40)]
        found = await ended(client, *commands)

        failed = [n for n, one in enumerate(found) if one == "failed"]
        assert len(failed) == 1
        # Of two that want the same number the first one has it.
        assert failed[0] in ((20, 25) if number.isdecimal() else (25,))
        assert await one.ask("SELECT count(*), count(DISTINCT number) FROM written") == [(39, 39)]


async def test_one_of_a_batch_that_takes_too_long_is_undone_and_the_others_stay(postgres: str, seen: Seen) -> None:
    one, forever = Shop(postgres), asyncio.Event()

    async def hanging(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how == "hang":
            await forever.wait()

    one.handle = hanging
    async with one.running(timeout=0.5) as client:
        for at in range(20):
            await one.grow_alike(client)
            commands = [Write(key=f"{at}.{n}", number=n, how="hang" if n == 15 else "") for n in range(30)]

            assert await ended(client, *commands) == ["failed" if n == 15 else "NoneType" for n in range(30)]
            assert await one.ask("SELECT count(*), count(*) FILTER (WHERE number = 15) FROM written") == [(29, 0)]
            if seen.undone:
                break

        assert seen.undone


async def test_one_that_says_more_and_gives_up_waiting_keeps_nothing(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its insert is undone, to be said again in a transaction of its own; a limit of the handler's own strikes just then."""
    one, waits = Shop(postgres), asyncio.Event()

    async def impatient(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how == "more":
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await db.fetch_value("SELECT count(*) FROM written")

    original = PostgresUnit._let_go

    async def slowly(unit: PostgresUnit) -> None:
        waits.set()
        await original(unit)
        await asyncio.sleep(0 if unit._torn is False else 0.5)

    one.handle = impatient
    async with one.running() as client:
        for at in range(20):
            await one.grow_alike(client)
            waits.clear()
            commands = [Write(key=f"{at}.{n}", number=n, how="more" if n == 15 else "") for n in range(30)]
            with monkeypatch.context() as patched:
                patched.setattr(PostgresUnit, "_let_go", slowly)
                found = await ended(client, *commands)
            if waits.is_set():
                break

        assert waits.is_set()
        assert found == ["failed" if n == 15 else "NoneType" for n in range(30)]
        assert await one.ask("SELECT count(*) FROM written WHERE number = 15") == [(0,)]


async def test_a_batch_whose_connection_ends_begins_anew_and_counts_once(postgres: str) -> None:
    one, gate = Shop(postgres), asyncio.Event()
    reached = set[int]()

    async def stopping(command: Write, db: Transaction) -> None:
        await plain(command, db)
        reached.add(command.number)
        await gate.wait()

    async with alike(one, Retry(attempts=5, first=timedelta(milliseconds=10))) as client:
        one.handle = stopping
        waiting = asyncio.create_task(ended(client, *(Write(key=f"{n}", number=n) for n in range(40))))
        await until(lambda: is_so(len(reached) > 4))
        await one.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            f" AND query LIKE 'INSERT INTO written%' AND '{one.asked.schema}' = current_schema()"
        )
        gate.set()

        assert await waiting == ["NoneType"] * 40
        assert await one.ask("SELECT count(*), count(DISTINCT number) FROM written") == [(40, 40)]


async def is_so(found: bool) -> bool:
    return found


async def test_where_a_trigger_leaves_rows_out_each_is_told_of_its_own(postgres: str, seen: Seen) -> None:
    """Nine of ten are left out, so that never so many in a row stay that the next are taken for granted."""
    one, counted = Shop(postgres), list[int]()
    insert = "INSERT INTO sifted (key, number) VALUES (:key, :number)"

    async def counting(command: Write, db: Transaction) -> None:
        counted.append(await db.execute(insert, key=command.key, number=command.number))

    async with one.running() as client:
        table, sift = f"{one.asked.schema}.sifted", f"{one.asked.schema}.sift"
        await one.ask(f"CREATE TABLE {table} (key text, number int)")
        await one.ask(
            f"CREATE FUNCTION {sift}() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN IF NEW.number % 10 <> 0 THEN RETURN NULL; END IF; RETURN NEW; END'"
        )
        await one.ask(f"CREATE TRIGGER sifting BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {sift}()")
        one.handle = counting
        await ended(client, *(Write(key=f"{n}", number=n) for n in range(100)))

        assert (counted.count(0), counted.count(1)) == (90, 10)
        assert not seen.said


async def test_who_leaned_on_a_row_that_is_undone_is_judged_without_it(postgres: str) -> None:
    """A row may refer to another one's of the same batch; without that one it fails, as it would have by itself."""
    one = Shop(postgres)
    insert = "INSERT INTO chain (number, after) VALUES (:number, :after)"

    async def chaining(command: Write, db: Transaction) -> None:
        after = command.number - 1 if command.how == "child" else None
        await db.execute(insert, number=command.number, after=after)
        if command.how == "break":
            raise ValueError("broken")

    async with one.running() as client:
        table = f"{one.asked.schema}.chain"
        await one.ask(f"CREATE TABLE {table} (number int PRIMARY KEY, after int REFERENCES {table})")
        one.handle = chaining
        await ended(client, *(Write(key=f"{n}", number=n) for n in range(100, 140)))
        ways = {9: "break", 10: "child", 19: "break", 20: "child"}
        commands = [Write(key=f"{n}", number=n, how=ways.get(n, "")) for n in range(30)]

        assert await ended(client, *commands) == ["failed" if n in ways else "NoneType" for n in range(30)]
        assert await one.ask("SELECT count(*) FROM chain WHERE number < 100") == [(26,)]


async def test_whatever_is_said_after_the_insert_sees_its_row(postgres: str) -> None:
    one = Shop(postgres)
    async with alike(one) as client:

        async def looking(command: Write, db: Transaction) -> None:
            await db.execute(INSERT, key=command.key, number=command.number)
            assert await db.fetch_value("SELECT count(*) FROM written WHERE number = :number", number=command.number)

        one.handle = looking

        assert await ended(client, *(Write(key=f"{n}", number=n) for n in range(40))) == ["NoneType"] * 40
        assert await one.ask("SELECT count(*), count(DISTINCT number) FROM written") == [(40, 40)]
