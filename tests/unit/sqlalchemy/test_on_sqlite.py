"""What only a file asks of the project's sessions: durable commits, one writer, and a turn that is not kept for long."""

import asyncio

import pytest
from sessions import QUICK, Row, Shop, until
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from tense import CommandFailed, Retry, Service, Transaction
from tense.adapters.stores.sqlite import turnwatch
from tense.adapters.stores.sqlite.lock import TurnLock
from tense.runtime.system import SystemClock
from words import Log, OrderPlaced, PlaceOrder, Receipt, orders, subscriber


@pytest.fixture
def driver() -> str:
    return "aiosqlite"


def measuring(said: list[int]) -> Service:
    service = Service(orders)

    @service.handles(PlaceOrder, retry=QUICK)
    async def place(command: PlaceOrder, session: AsyncSession) -> Receipt:
        said.append(await session.scalar(text("PRAGMA synchronous")))
        session.add(Row(name=command.order_id))
        return Receipt(order_id=command.order_id)

    return service


def engine_says(shop: Shop, *statements: str, at: str) -> None:
    """Listeners as projects have them."""

    @event.listens_for(shop.engine.sync_engine, at)
    def say(connection, *_about) -> None:
        for statement in statements:
            if at == "begin":
                connection.exec_driver_sql(statement)
            else:
                cursor = connection.cursor()
                cursor.execute(statement)
                cursor.close()


@pytest.mark.parametrize(("asked", "kept"), [("OFF", 2), ("NORMAL", 2), ("FULL", 2), ("EXTRA", 3)])
async def test_their_commits_survive_a_power_cut_whatever_the_project_set(opened, asked: str, kept: int) -> None:
    said: list[int] = []
    async with opened(measuring(said)) as (shop, client):
        engine_says(shop, f"PRAGMA synchronous = {asked}", at="connect")
        await shop.engine.dispose()
        await client.execute(PlaceOrder(order_id="a"))

        assert (said, await shop.rows()) == ([kept], ["a"])


@pytest.mark.parametrize("words", ["BEGIN", "BEGIN IMMEDIATE"])
async def test_an_engine_that_begins_by_itself_keeps_its_listener(opened, words: str) -> None:
    async with opened(measuring([])) as (shop, client):
        engine_says(shop, words, at="begin")
        await client.execute(PlaceOrder(order_id="a"))

        assert await shop.rows() == ["a"]


async def test_sessions_the_stores_own_writer_and_the_projects_own_writes_share_the_file(opened) -> None:
    heard = Log()
    async with opened(measuring([]), subscriber("email", heard)) as (shop, client):

        async def beside(number: int) -> None:
            async with shop.sessions() as session, session.begin():
                session.add(Row(name=f"beside {number}"))

        work = [client.execute(PlaceOrder(order_id=f"o{i}")) for i in range(60)]
        said = [client.publish(OrderPlaced(order_id=f"e{i}")) for i in range(60)]
        async with asyncio.timeout(60):
            await asyncio.gather(*work, *said, *(beside(i) for i in range(5)))
            await until(lambda: len(heard) == 60)

        assert len(await shop.rows()) == 65


async def test_a_session_that_keeps_the_file_for_too_long_loses_it(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnwatch, "LIMIT", 0.2)
    monkeypatch.setattr(turnwatch, "LOOK_EVERY", 0.05)
    service = Service(orders)

    @service.handles(PlaceOrder, retry=QUICK)
    async def place(command: PlaceOrder, session: AsyncSession) -> Receipt:
        session.add(Row(name=command.order_id))
        if command.order_id == "slow":
            await session.flush()
            await asyncio.Event().wait()
        return Receipt(order_id=command.order_id)

    async with opened(service) as (shop, client):
        slow = asyncio.ensure_future(client.outcome(PlaceOrder(order_id="slow")))
        await client.execute(PlaceOrder(order_id="quick"))
        with pytest.raises(CommandFailed, match="kept the database's turn"):
            await slow

        assert await shop.rows() == ["quick"]


async def test_who_stops_waiting_for_the_turn_lets_the_next_one_have_it(opened) -> None:
    service, started, go = Service(orders), asyncio.Event(), asyncio.Event()

    @service.handles(PlaceOrder, retry=Retry(attempts=1), timeout=0.5)
    async def place(command: PlaceOrder, db: Transaction) -> Receipt:
        if command.order_id == "tired":
            started.set()
            await go.wait()
        await db.execute("INSERT INTO session_rows (name, number) VALUES (:name, 0)", name=command.order_id)
        return Receipt(order_id=command.order_id)

    async with opened(service) as (shop, client):
        other = TurnLock(shop.running.store.path)  # as another process has it
        tired = asyncio.ensure_future(client.outcome(PlaceOrder(order_id="tired"), timeout=20))
        await started.wait()
        other.take()
        go.set()
        began = SystemClock.elapsed()
        await until(lambda: SystemClock.elapsed() - began > 1)
        other.give()
        with pytest.raises(CommandFailed, match="limit"):
            await tired
        await client.execute(PlaceOrder(order_id="last"))
        other.close()

        assert await shop.rows() == ["last"]
