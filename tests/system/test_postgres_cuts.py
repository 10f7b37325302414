"""Connections that are cut at a named word of a transaction in which a user's row is written: row and message, or neither."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from asked import Asked
from sessions import engine_on
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tense import App, Client, Command, Contract, Event, Publish, Retry, Service, Transaction
from tense.sqlalchemy.unit import SqlAlchemyUnit
from tense.testing.breakers.proxy import Proxy, proxy

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

shop = Contract("shop")
STEADY = Retry(attempts=100)
ROUNDS, AT_ONCE = 4, 6
LEASE = 2.0
WRITE = "INSERT INTO {} VALUES (:row)"
TABLES = "CREATE TABLE effects (row text); CREATE TABLE heard (row text);"


class Order(Command[str], owner=shop, key="name"):
    name: str


class Ordered(Event, owner=shop, key="name"):
    name: str


ordering, hearing = Service(shop), Service(Contract("hearing"))


@ordering.handles(Order, retry=STEADY)
async def order(command: Order, db: Transaction, publish: Publish[Ordered]) -> str:
    await db.execute(WRITE.format("effects"), row=f"row of {command.name}")
    publish(Ordered(name=command.name))
    return command.name


@hearing.subscribes(Ordered, retry=STEADY, from_start=True)
async def hear(event: Ordered, db: Transaction) -> None:
    await db.execute(WRITE.format("heard"), row=f"heard of {event.name}")


in_sessions, hearing_in_sessions = Service(shop), Service(Contract("hearing"))


@in_sessions.handles(Order, retry=STEADY)
async def order_in_session(command: Order, session: AsyncSession, publish: Publish[Ordered]) -> str:
    await session.execute(text(WRITE.format("effects")), {"row": f"row of {command.name}"})
    publish(Ordered(name=command.name))
    return command.name


@hearing_in_sessions.subscribes(Ordered, retry=STEADY, from_start=True)
async def hear_in_session(event: Ordered, session: AsyncSession) -> None:
    await session.execute(text(WRITE.format("heard")), {"row": f"heard of {event.name}"})


# The driver's own transactions, which the engine uses for itself, say `BEGIN;` and `COMMIT;`.
OF_HANDLERS = {
    "begin": rb"BEGIN(\0|; SET LOCAL lock)",
    "insert": rb"row of",
    "mark": rb"SET LOCAL enable_seqscan",
    "commit": rb"COMMIT\0|\0tense_commit",
}
OF_USERS = {"begin": rb"BEGIN;", "insert": rb"row of", "mark": rb"WITH (fence|given|events) AS", "commit": rb"COMMIT;"}

PLACES = [(place, answered) for place in OF_HANDLERS for answered in (False, True)]
NAMED = [f"{'the answer to ' if answered else ''}{place}" for place, answered in PLACES]
at_every_place = pytest.mark.parametrize(("place", "answered"), PLACES, ids=NAMED)


@pytest.fixture
def store(postgres: str) -> str:
    Asked(postgres).run(f"SET search_path = {Asked(postgres).schema}; {TABLES}")
    return postgres


@asynccontextmanager
async def through_proxy(store: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy before the server, and the store's address through it."""
    parts = urlsplit(store)
    async with proxy(str(parts.hostname), parts.port or 5432) as wire:
        yield wire, store.replace(f":{parts.port}/", f":{wire.port}/")


def arm(wire: Proxy, words: bytes, *, answered: bool) -> int:
    """Have the next connection cut that says this; how many were cut before."""
    wire.up.answered = answered
    wire.up.cut_at = re.compile(words).search  # type: ignore[assignment]
    return wire.cuts


async def place_orders(client: Client, wire: Proxy, words: bytes, *, answered: bool) -> list[str]:
    """Some orders at once in each round, in which one cut falls; all of them end."""
    names: list[str] = []
    await client.execute(Order(name="warm"), timeout=30)
    for round_ in range(ROUNDS):
        before = arm(wire, words, answered=answered)
        these = [f"{round_}.{number}" for number in range(AT_ONCE)]
        await asyncio.gather(*(client.execute(Order(name=name), timeout=30) for name in these))
        assert wire.cuts == before + 1, "nothing was cut"
        names += these
    return [*names, "warm"]


async def judge(store: str, names: list[str]) -> None:
    """Each row once; each event once, of these rows and no others."""
    rows = Asked(store).rows
    schema = Asked(store).schema
    async with asyncio.timeout(30):
        while await asyncio.to_thread(rows, f"SELECT count(DISTINCT row) FROM {schema}.heard") != [(len(names),)]:
            await asyncio.sleep(0.05)
    effects = await asyncio.to_thread(rows, f"SELECT row FROM {schema}.effects")
    heard = await asyncio.to_thread(rows, f"SELECT row FROM {schema}.heard")
    said = await asyncio.to_thread(rows, f"SELECT key FROM {schema}.log WHERE type = 'shop.Ordered'")

    assert sorted(row for (row,) in effects) == sorted(f"row of {name}" for name in names)
    assert sorted(row for (row,) in heard) == sorted(f"heard of {name}" for name in names)
    assert sorted(key for (key,) in said) == sorted(names)


@at_every_place
async def test_a_cut_within_a_handlers_transaction_leaves_its_row_and_its_event_once(
    store: str, place: str, answered: bool
) -> None:
    async with AsyncExitStack() as stack:
        wire, far = await stack.enter_async_context(through_proxy(store))
        await stack.enter_async_context(App(ordering, hearing, lease=LEASE).running(store=far))
        client = await stack.enter_async_context(App(ordering).client(store=store))
        names = await place_orders(client, wire, OF_HANDLERS[place], answered=answered)
        await judge(store, names)


@at_every_place
async def test_a_cut_within_a_session_of_sqlalchemy_leaves_its_row_and_its_event_once(
    store: str, place: str, answered: bool
) -> None:
    async with AsyncExitStack() as stack:
        wire, far = await stack.enter_async_context(through_proxy(store))
        engine = engine_on(far, "asyncpg")
        unit = SqlAlchemyUnit(async_sessionmaker(engine))
        app = App(in_sessions, hearing_in_sessions, lease=LEASE, unit_of_work=unit)
        stack.push_async_callback(engine.dispose)
        await stack.enter_async_context(app.running(store=store))
        client = await stack.enter_async_context(App(ordering).client(store=store))
        names = await place_orders(client, wire, OF_USERS[place], answered=answered)
        await judge(store, names)


async def with_asyncpg(app: App, far: str, name: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(far.partition("?")[0])
    try:
        async with connection.transaction():
            await connection.execute(f"INSERT INTO {Asked(far).schema}.effects VALUES ($1)", f"row of {name}")
            async with app.outbox(connection) as out:
                out.publish(Ordered(name=name))
    finally:
        connection.terminate()


async def with_sqlalchemy(app: App, far: str, name: str) -> None:
    engine = engine_on(far, "asyncpg")
    try:
        async with async_sessionmaker(engine)() as session, session.begin():
            await session.execute(text(WRITE.format("effects")), {"row": f"row of {name}"})
            async with app.outbox(session) as out:
                out.publish(Ordered(name=name))
    finally:
        await engine.dispose()


@pytest.mark.parametrize("say", [with_asyncpg, with_sqlalchemy])
@at_every_place
async def test_a_cut_within_the_users_own_transaction_leaves_row_and_message_or_neither(
    store: str, place: str, answered: bool, say: Callable[[App, str, str], Awaitable[Any]]
) -> None:
    outbox, told = App(ordering, store=store), list[str]()
    async with App(ordering, hearing, lease=LEASE).running(store=store), through_proxy(store) as (wire, far):
        for round_ in range(ROUNDS):
            before = arm(wire, OF_USERS[place], answered=answered)
            try:
                await say(outbox, far, f"{round_}")
            except Exception as error:  # noqa: BLE001 - each driver has its own for a lost connection
                told.append(type(error).__name__)
            assert wire.cuts == before + 1, "nothing was cut"
        await say(outbox, far, "fair")

        names = [*map(str, range(ROUNDS)), "fair"] if (place, answered) == ("commit", True) else ["fair"]
        await judge(store, names)
    assert len(told) == ROUNDS, "a lost connection is told"
