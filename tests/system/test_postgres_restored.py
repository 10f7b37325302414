"""A dump that is read back into another server: its transaction ids mean nothing there, and nothing is lost by that."""

import asyncio
from collections.abc import Iterator

import pytest
from asked import Asked
from own_postgres import OwnPostgres, own_postgres
from servers_lib.postgres import dump

from tense import App
from words import Log, OrderPlaced, publisher, subscriber

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

BURN = """
DO $$ BEGIN FOR i IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$
"""
"""A server that has been at work for longer than the one that its dump is brought to."""


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[OwnPostgres, OwnPostgres]]:
    with own_postgres() as old, own_postgres() as new:
        Asked(old.address).rows(BURN)
        yield old, new


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> str:
    return f"own_{request.node.name[5:30].rstrip('_')}"


async def heard(log: Log, count: int) -> None:
    async with asyncio.timeout(30):
        while len(log) < count:
            await asyncio.sleep(0.01)


async def say(store: str, *numbers: int) -> None:
    async with App(publisher(), store=store).client() as client:
        for number in numbers:
            await client.publish(OrderPlaced(order_id="a", number=number))


async def read_one(store: str) -> None:
    """The subscription is there, and has read what was said first."""
    log = Log()
    async with App(publisher(), subscriber("email", log)).running(store=store):
        await say(store, 0)
        await heard(log, 1)


async def bring(servers: tuple[OwnPostgres, OwnPostgres], schema: str) -> None:
    old, new = servers
    await asyncio.to_thread(dump, old.address, new.address, "-n", schema)


async def said_in_an_outbox(store: str, number: int) -> None:
    """Within savepoints, as Django's and SQLAlchemy's nested blocks make them: each has a transaction id of its own."""
    connection = await Asked(store).connect()
    outbox = App(publisher(), store=store).outbox(connection)
    async with connection.transaction(), connection.transaction(), connection.transaction(), outbox as out:
        out.publish(OrderPlaced(order_id="a", number=number))
    await connection.close()


async def test_what_was_read_stays_read_and_what_was_not_is_read_in_order_on_the_new_server(
    servers: tuple[OwnPostgres, OwnPostgres], schema: str, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = (server.store(schema) for server in servers)
    before, after, anew = Log(), Log(), Log()
    async with App(publisher(), subscriber("email", before)).running(store=old):
        await say(old, *range(10))
        await heard(before, 10)
    await say(old, 10, 11)
    await bring(servers, schema)

    await said_in_an_outbox(new, 12)
    services = publisher(), subscriber("email", after), subscriber("audit", anew, from_start=True)
    async with App(*services).running(store=new):
        await say(new, 13)
        await heard(after, 4)
        await heard(anew, 14)
    async with App(publisher(), subscriber("email", after)).running(store=new):
        await say(new, 14)
        await heard(after, 5)

    assert list(before) == [f"a.{number}" for number in range(10)]
    assert list(after) == [f"a.{number}" for number in range(10, 15)]
    assert list(anew) == [f"a.{number}" for number in range(14)]
    assert sum("came from another server" in record.message for record in caplog.records) == 1


async def test_cursors_alone_are_renumbered_where_no_event_was_kept(
    servers: tuple[OwnPostgres, OwnPostgres], schema: str
) -> None:
    old, new = (server.store(schema) for server in servers)
    after = Log()
    await read_one(old)
    await asyncio.to_thread(Asked(old).rows, "DELETE FROM log")
    await bring(servers, schema)

    await said_in_an_outbox(new, 1)
    async with App(publisher(), subscriber("email", after)).running(store=new):
        await heard(after, 1)

    assert list(after) == ["a.1"]


async def test_what_an_outbox_is_just_saying_while_the_store_is_opened_for_the_first_time_is_read(
    servers: tuple[OwnPostgres, OwnPostgres], schema: str
) -> None:
    old, new = (server.store(schema) for server in servers)
    after = Log()
    await read_one(old)
    await bring(servers, schema)
    connection, asked = await Asked(new).connect(), await Asked(new).connect()
    talking = connection.transaction()
    await talking.start()
    async with App(publisher(), store=new).outbox(connection) as out:
        out.publish(OrderPlaced(order_id="a", number=1))

    async def work() -> None:
        async with App(publisher(), subscriber("email", after)).running(store=new):
            await heard(after, 1)

    working = asyncio.ensure_future(work())
    async with asyncio.timeout(30):
        while not await asked.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            await asyncio.sleep(0.01)
    await talking.commit()
    await working
    await connection.close()
    await asked.close()

    assert list(after) == ["a.1"]
