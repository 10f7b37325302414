"""The FastAPI project that adopts Tense: each of its four steps does what it says."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from examples.fastapi_orders import step_1_outbox, step_2_subscribers, step_3_commands, step_4_unit_of_work
from examples.fastapi_orders.shop import Database, Order, Parcel, Stock
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sessions import engine_on, tables_of_tense, until
from sqlalchemy import select

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with Tense's tables and the project's."""
    on_sqlite = request.param == "sqlite"
    store = f"sqlite:///{tmp_path}/orders.db" if on_sqlite else request.getfixturevalue("postgres")
    await tables_of_tense(store)
    database = Database(engine_on(store, "aiosqlite" if on_sqlite else "asyncpg"), store)
    await database.make_tables()
    yield database
    await database.engine.dispose()


@asynccontextmanager
async def browser(web: FastAPI) -> AsyncIterator[AsyncClient]:
    async with (
        web.router.lifespan_context(web),
        AsyncClient(transport=ASGITransport(web), base_url="http://shop") as client,
    ):
        yield client


async def all_of(database: Database, column) -> list:
    async with database.sessions() as session:
        return sorted((await session.scalars(select(column))).all())


async def order_twice_and_once_too_many(client: AsyncClient) -> list[int]:
    answers = [
        await client.put("/orders/A1", json={"order_id": "A1", "sku": "samovar"}),
        await client.put("/orders/A1", json={"order_id": "A1", "sku": "samovar"}),
        await client.put("/orders/A2", json={"order_id": "A2", "sku": "samovar"}),
    ]
    return [answer.status_code for answer in answers]


async def test_step_1_an_order_and_its_event_are_there_together_or_not_at_all(database: Database) -> None:
    async with browser(step_1_outbox.build(database)) as client:
        first = await client.post("/orders", json={"order_id": "A1", "sku": "samovar"})
        second = await client.post("/orders", json={"order_id": "A2", "sku": "samovar"})

    assert (first.status_code, first.json(), second.status_code) == (201, {"left": 0}, 409)
    assert await all_of(database, Order.order_id) == ["A1"]
    heard = step_2_subscribers.build(database)
    async with heard.running():
        await until(lambda: parcels_are(database, ["A1"]))


async def test_step_2_the_warehouse_packs_what_was_ordered_while_it_was_away(database: Database) -> None:
    async with browser(step_1_outbox.build(database)) as client:
        for name in ("A1", "A2"):
            await client.post("/orders", json={"order_id": name, "sku": "tea", "count": 2})

    async with step_2_subscribers.build(database).running():
        await until(lambda: parcels_are(database, ["A1", "A2"]))

    assert set(await all_of(database, Parcel.contents)) == {"2 x tea"}


@pytest.mark.parametrize("step", [step_3_commands, step_4_unit_of_work])
async def test_steps_3_and_4_who_asks_twice_gets_the_first_answer_twice(database: Database, step) -> None:
    app = step.build_worker(database)
    async with app.running(), browser(step_3_commands.build(app)) as client:
        answers = await order_twice_and_once_too_many(client)
        await until(lambda: parcels_are(database, ["A1"]))

    assert answers == [201, 201, 409]
    assert await all_of(database, Order.order_id) == ["A1"]
    assert await all_of(database, Stock.count) == [0, 100]


async def test_step_4_what_cannot_be_written_leaves_nothing_behind_and_is_tried_again(database: Database) -> None:
    async with database.sessions.begin() as session:
        session.add(Parcel(order_id="A1", contents="packed before"))
    app = step_4_unit_of_work.build_worker(database)
    engine = app.engine(database.store)
    await engine.start(("orders", "warehouse"))
    async with browser(step_3_commands.build(app)) as client:
        answer = await client.put("/orders/A1", json={"order_id": "A1", "sku": "tea"})

        async def waits() -> bool:
            return any(lag.retrying for lag in await engine.store.lags())

        await until(waits)
    await engine.stop()

    assert answer.status_code == 201
    assert await all_of(database, Parcel.contents) == ["packed before"]


@pytest.mark.parametrize("module", ["step_2_subscribers", "step_3_commands", "step_4_unit_of_work"])
def test_what_a_step_runs_gives_no_finding(module: str) -> None:
    words = [sys.executable, "-m", "tense", "check", f"examples.fastapi_orders.{module}:app"]

    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


async def parcels_are(database: Database, expected: list[str]) -> bool:
    return await all_of(database, Parcel.order_id) == expected
