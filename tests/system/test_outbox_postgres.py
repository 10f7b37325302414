"""What is said in the user's own transaction leaves with it, through every library that holds one."""

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asked import Asked

from tense import App, DuplicateIdError, Service
from tense.errors import NotSupportedError, StoreUnusableError, WorkflowError
from words import Log, Notify, OrderPlaced, PlaceOrder, Receipt, orders, publisher, subscriber

pytestmark = pytest.mark.server("postgres")


def plain(store: str) -> str:
    return store.partition("?")[0]


async def asyncpg_writes(store: str, say: Callable[[Any], None], app: App, keep: bool) -> None:
    import asyncpg

    connection = await asyncpg.connect(plain(store))
    try:
        transaction = connection.transaction()
        await transaction.start()
        async with app.outbox(connection) as out:
            say(out)
        await (transaction.commit() if keep else transaction.rollback())
    finally:
        await connection.close()


async def psycopg_writes(store: str, say: Callable[[Any], None], app: App, keep: bool) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(plain(store)) as connection:
        with app.outbox(connection) as out:
            say(out)
        connection.commit() if keep else connection.rollback()


async def async_psycopg_writes(store: str, say: Callable[[Any], None], app: App, keep: bool) -> None:
    psycopg = pytest.importorskip("psycopg")
    async with await psycopg.AsyncConnection.connect(plain(store)) as connection:
        async with app.outbox(connection) as out:
            say(out)
        await (connection.commit() if keep else connection.rollback())


async def session_writes(store: str, say: Callable[[Any], None], app: App, keep: bool) -> None:
    pytest.importorskip("psycopg")
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(plain(store).replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with Session(engine) as session:
        with app.outbox(session) as out:
            say(out)
        session.commit() if keep else session.rollback()


async def async_session_writes(store: str, say: Callable[[Any], None], app: App, keep: bool) -> None:
    pytest.importorskip("greenlet")
    from sqlalchemy import NullPool
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    engine = create_async_engine(plain(store).replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    async with AsyncSession(engine) as session:
        async with app.outbox(session) as out:
            say(out)
        await (session.commit() if keep else session.rollback())


LIBRARIES = [asyncpg_writes, psycopg_writes, async_psycopg_writes, session_writes, async_session_writes]


@asynccontextmanager
async def ready(store: str, log: Log):
    app = App(publisher(), subscriber("email", log), store=store)
    async with app.running() as client:
        yield app, client


@pytest.mark.parametrize("writes", LIBRARIES)
async def test_what_is_rolled_back_was_never_said(postgres: str, writes) -> None:
    log = Log()
    async with ready(postgres, log) as (app, client):
        await writes(postgres, lambda out: out.publish(OrderPlaced(order_id="undone")), app, keep=False)
        await writes(postgres, lambda out: out.publish(OrderPlaced(order_id="kept")), app, keep=True)
        await client.publish(OrderPlaced(order_id="kept", number=1))
        await until(lambda: len(log) == 2)

    assert log == ["kept.0", "kept.1"]


@pytest.mark.parametrize("writes", LIBRARIES)
async def test_an_id_that_was_used_with_another_body_is_refused(postgres: str, writes) -> None:
    def twice(text: str) -> Callable[[Any], None]:
        return lambda out: out.send(Notify(text=text), id="the-same")

    async with ready(postgres, Log()) as (app, _):
        await writes(postgres, twice("a"), app, keep=True)
        await writes(postgres, twice("a"), app, keep=True)
        with pytest.raises(DuplicateIdError):
            await writes(postgres, twice("b"), app, keep=True)

    async with _session(postgres) as asked:
        assert await asked.fetchval("SELECT count(*) FROM command") == 1


@pytest.mark.parametrize("writes", LIBRARIES)
async def test_an_id_that_is_used_twice_at_once_with_another_body_is_refused(postgres: str, writes) -> None:
    def both(out: Any) -> None:
        out.send(Notify(text="a"), id="the-same")
        out.send(Notify(text="b"), id="the-same")

    async with ready(postgres, Log()) as (app, _):
        with pytest.raises(DuplicateIdError):
            await writes(postgres, both, app, keep=True)


@pytest.mark.parametrize("writes", LIBRARIES)
async def test_commands_of_one_key_are_handled_in_the_order_in_which_they_were_sent(postgres: str, writes) -> None:
    done = Log()
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        done.note(f"{command.number}")
        return Receipt(order_id=command.order_id)

    def say(out: Any) -> None:
        for number, id_ in enumerate(("m", "z", "k", "z2", "a")):
            out.send(PlaceOrder(order_id="one", number=number), id=id_)

    app = App(service, store=postgres)
    async with app.running():
        await writes(postgres, say, app, keep=True)
        await until(lambda: len(done) == 5)

    assert done == ["0", "1", "2", "3", "4"]


async def test_events_and_commands_take_one_round_trip(postgres: str) -> None:
    async with ready(postgres, Log()) as (app, _), _session(postgres) as connection:

        async def say() -> None:
            async with connection.transaction(), app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="a"))
                out.publish(OrderPlaced(order_id="b"))
                out.send(Notify(text="c"))

        await say()  # the driver asks once for the types
        asked: list[str] = []
        connection.add_query_logger(lambda query: asked.append(query.query))
        await say()

    assert [query.partition(" ")[0] for query in asked] == ["BEGIN;", "WITH", "COMMIT;"]


async def test_without_a_transaction_it_says_so(postgres: str) -> None:
    async with ready(postgres, Log()) as (app, _), _session(postgres) as connection:
        with pytest.raises(WorkflowError, match="begin one first"):
            async with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="a"))


async def test_an_awaited_connection_wants_async_with(postgres: str) -> None:
    async with ready(postgres, Log()) as (app, _), _session(postgres) as connection:
        with pytest.raises(NotSupportedError, match="async with"), app.outbox(connection) as out:
            out.publish(OrderPlaced(order_id="a"))


async def test_a_database_without_our_tables_is_told_how_to_get_them(postgres: str) -> None:
    app = App(publisher(), store=postgres)
    Asked(postgres)
    async with _session(postgres) as connection, connection.transaction():
        with pytest.raises(StoreUnusableError, match="tense db migrate"):
            async with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="a"))


@asynccontextmanager
async def _session(store: str):
    connection = await Asked(store).connect()
    try:
        yield connection
    finally:
        await connection.close()


async def until(condition: Callable[[], bool]) -> None:
    import asyncio

    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("not within 10 s")
