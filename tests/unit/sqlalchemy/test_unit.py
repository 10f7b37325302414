"""Promises 2, 3, 6 and 8 where the unit of work is the project's own session."""

import asyncio

import pytest
from sessions import QUICK, Row, doing, noting, placing, until
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tense import CommandFailed, Contract, Service, Transaction
from tense.runtime.engine import Seams
from tense.runtime.replay import Replay
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn
from words import (
    Log,
    OrderPlaced,
    OutOfStock,
    PlaceOrder,
    Receipt,
    orders,
    subscriber,
)

ON_POSTGRES = [pytest.param(name, marks=pytest.mark.server("postgres")) for name in ("asyncpg", "psycopg")]


@pytest.mark.parametrize(
    ("ending", "kept"), [("done", True), ("returned", True), ("raised", False), ("failing", False)]
)
async def test_rows_events_and_commands_commit_together_or_not_at_all(opened, ending: str, kept: bool) -> None:
    log, heard, notified = Log(), Log(), Log()
    log.failing = {"failing"}
    async with opened(placing(log), subscriber("email", heard), noting(notified)) as (shop, client):
        if ending == "failing":
            with pytest.raises(CommandFailed):
                await client.outcome(PlaceOrder(order_id=ending))
        else:
            answer = await client.outcome(PlaceOrder(order_id=ending))
            assert isinstance(answer, Receipt if ending == "done" else OutOfStock)
        await client.execute(PlaceOrder(order_id="last"))
        said = ["last", ending] if kept else ["last"]
        await until(lambda: all(f"{name}.0" in heard and name in notified for name in said))

        assert (f"{ending}.0" in await shop.rows(), f"{ending}.0" in heard, ending in notified) == (kept, kept, kept)
        assert log.count(ending) == (2 if ending == "failing" else 1)


async def test_a_duplicate_gets_the_first_outcome_and_its_row_stands_once(opened) -> None:
    log = Log()
    async with opened(placing(log), noting(Log())) as (shop, client):
        answers = [await client.execute(PlaceOrder(order_id="a"), id="the-same") for _ in range(3)]

        assert (len(answers), log, await shop.rows()) == (3, ["a"], ["a.0"])


async def test_what_the_database_refuses_at_the_end_is_the_handlers_failure(opened) -> None:
    async def add(session: AsyncSession, command: PlaceOrder) -> None:
        session.add(Row(name="only one"))

    async with opened(doing(add)) as (shop, client):
        await client.execute(PlaceOrder(order_id="first"))
        with pytest.raises(CommandFailed, match="IntegrityError"):
            await client.execute(PlaceOrder(order_id="second"))

        assert await shop.rows() == ["only one"]


@pytest.mark.parametrize("driver", ON_POSTGRES, indirect=True)
async def test_what_the_database_refuses_at_the_commit_ends_as_a_dead_letter(opened) -> None:
    service = Service(Contract("mirror"))

    @service.subscribes(OrderPlaced, retry=QUICK)
    async def mirror(event: OrderPlaced, session: AsyncSession) -> None:
        await session.execute(text("INSERT INTO late VALUES (1)"))

    async with opened(placing(Log()), service, noting(Log())) as (shop, client):
        async with shop.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE late (one int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
            await connection.execute(text("INSERT INTO late VALUES (1)"))
        await client.execute(PlaceOrder(order_id="a"))

        async def dead() -> bool:
            return [letter.attempts for letter in await shop.running.store.dead()] == [2]

        await until(dead)


async def test_a_transaction_and_the_session_are_the_same(opened) -> None:
    service = Service(orders)

    @service.handles(PlaceOrder, retry=QUICK)
    async def place(command: PlaceOrder, db: Transaction, session: AsyncSession) -> Receipt:
        session.add(Row(name="by session", number=1))
        await session.flush()
        seen = await db.fetch_one("SELECT name, number FROM session_rows WHERE number = :number", number=1)
        assert seen == ("by session", 1)
        rows = [{"name": f"many {i}", "number": i} for i in (2, 3)]
        assert await db.execute_many("INSERT INTO session_rows (name, number) VALUES (:name, :number)", rows) == 2
        with pytest.raises(ZeroDivisionError):
            async with db.begin():
                await db.execute("DELETE FROM session_rows")
                raise ZeroDivisionError
        assert await db.execute("UPDATE session_rows SET number = 9 WHERE number > :most", most=1) == 2
        assert len(await db.fetch_all("SELECT name FROM session_rows")) == 3
        return Receipt(order_id=command.order_id, total=await db.fetch_value("SELECT sum(number) FROM session_rows"))

    async with opened(service) as (shop, client):
        receipt = await client.execute(PlaceOrder(order_id="a"))

        assert (receipt.total, await shop.rows()) == (19, ["by session", "many 2", "many 3"])


async def test_a_nested_part_that_is_undone_takes_only_itself_along(opened) -> None:
    async def nest(session: AsyncSession, command: PlaceOrder) -> None:
        session.add(Row(name="outer"))
        for name in ("kept", "undone"):
            nested = await session.begin_nested()
            session.add(Row(name=name))
            await session.flush()
            await (nested.commit() if name == "kept" else nested.rollback())

    async with opened(doing(nest)) as (shop, client):
        await client.execute(PlaceOrder(order_id="a"))

        assert await shop.rows() == ["kept", "outer"]


async def test_a_handler_that_commits_is_told_that_it_is_not_its_to_do(opened) -> None:
    async def commit(session: AsyncSession, command: PlaceOrder) -> None:
        session.add(Row(name="too early"))
        await session.commit()

    async with opened(doing(commit)) as (shop, client):
        with pytest.raises(CommandFailed, match="Tense's to commit"):
            await client.execute(PlaceOrder(order_id="a"))

        assert await shop.rows() == []


async def test_a_session_is_given_back_however_its_handler_ended(opened) -> None:
    seen: list[AsyncSession] = []

    async def use(session: AsyncSession, command: PlaceOrder) -> None:
        seen.append(session)
        await session.scalar(select(Row.name))
        if command.order_id == "failing":
            raise RuntimeError("no")
        if command.order_id == "slow":
            await asyncio.Event().wait()

    async with opened(doing(use, timeout=0.2)) as (_, client):
        await client.execute(PlaceOrder(order_id="good"))
        for name in ("failing", "slow"):
            with pytest.raises(CommandFailed):
                await client.execute(PlaceOrder(order_id=name))

        assert len(seen) == 5
        await until(lambda: not any(session.in_transaction() for session in seen))


async def test_a_session_that_outlives_its_handler_is_refused(opened) -> None:
    kept: list[AsyncSession] = []

    async def keep(session: AsyncSession, command: PlaceOrder) -> None:
        kept.append(session)
        await session.scalar(select(Row.name))

    async with opened(doing(keep)) as (_, client):
        await client.execute(PlaceOrder(order_id="a"))

        with pytest.raises(Exception, match="unit of work is over"):
            await kept[0].scalar(select(Row.name))
        await kept[0].close()


async def test_a_replay_runs_in_sessions_too_and_says_nothing(opened) -> None:
    service = Service(Contract("mirror"))
    times = Log()

    @service.subscribes(OrderPlaced)
    async def mirror(event: OrderPlaced, session: AsyncSession) -> None:
        times.note(event.order_id)
        session.add(Row(name=f"{event.order_id} {len(times)}"))

    async with opened(placing(Log()), service, noting(Log())) as (shop, client):
        await client.execute(PlaceOrder(order_id="a"))
        await until(lambda: len(times) == 1)

        async def committed() -> bool:
            return await shop.rows() == ["a 1", "a.0"]

        await until(committed)
        replay = Replay(shop.app, shop.running.store, Seams(SystemClock(), SystemChance(), SystemSpawn()))
        report = await replay.run("mirror<orders.order")

        assert (report.handled, report.failed) == (1, 0)
        assert await shop.rows() == ["a 1", "a 2", "a.0"]
