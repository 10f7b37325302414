"""What only a server with several sessions can show: late commits, lost connections, fences, tenants, migrations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from asked import Asked

from tense import App, Client
from tense.adapters.stores.postgres.schema import VERSION
from tense.errors import StoreUnusableError
from tense.runtime.load import open_store
from tense.runtime.system import SystemClock
from words import Log, OrderPlaced, PlaceOrder, publisher, subscriber

pytestmark = pytest.mark.server("postgres")

COPY = """
INSERT INTO log (id, channel, lane, key, type, headers, body, accepted)
SELECT $1, channel, lane, key, type, replace(convert_from(headers, 'UTF8'), id, $1)::bytea,
       replace(convert_from(body, 'UTF8'), '"number":0', '"number":' || $2)::bytea, accepted
FROM log WHERE pos = (SELECT min(pos) FROM log)
"""
"""Another event like the first one, in a session of the test's own."""


@asynccontextmanager
async def session(store: str) -> AsyncIterator:
    connection = await Asked(store).connect()
    try:
        yield connection
    finally:
        await connection.close()


async def heard(log: Log, count: int, limit: float = 10.0) -> None:
    end = SystemClock.elapsed() + limit
    while len(log) < count:
        assert SystemClock.elapsed() < end, f"only {log} after {limit} s"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("numbered_first", [True, False], ids=["number first", "transaction first"])
async def test_an_event_that_commits_late_is_not_jumped_over(postgres: str, numbered_first: bool) -> None:
    log = Log()
    async with App(publisher(), subscriber("email", log)).running(store=postgres) as client, session(postgres) as late:
        await client.publish(OrderPlaced(order_id="a", number=0))
        await heard(log, 1)

        await late.execute("BEGIN")
        await late.execute(COPY, "late", "1") if numbered_first else await late.execute("SELECT pg_current_xact_id()")
        await client.publish(OrderPlaced(order_id="a", number=2))
        with pytest.raises(AssertionError):
            await heard(log, 2, limit=0.4)
        if not numbered_first:
            await late.execute(COPY, "late", "1")
        await late.execute("COMMIT")
        await heard(log, 3)

        assert log == ["a.0", "a.1", "a.2"]


async def test_an_event_that_is_rolled_back_was_never_said_and_holds_nobody_up(postgres: str) -> None:
    log = Log()
    async with App(publisher(), subscriber("email", log)).running(store=postgres) as client, session(postgres) as late:
        await client.publish(OrderPlaced(order_id="a", number=0))
        await heard(log, 1)

        await late.execute("BEGIN")
        await late.execute(COPY, "late", "1")
        await client.publish(OrderPlaced(order_id="a", number=2))
        await late.execute("ROLLBACK")
        await heard(log, 2)

        assert log == ["a.0", "a.2"]


async def test_a_command_that_commits_late_is_not_jumped_over(postgres: str) -> None:
    async with App(publisher()).running(store=postgres) as client, session(postgres) as late:
        await client.execute(PlaceOrder(order_id="a"), id="first")
        await late.execute("BEGIN")
        await late.execute(
            "INSERT INTO command (id, service, lane, state, key, type, headers, body, accepted) "
            "SELECT 'late', service, lane, 0, key, type, replace(convert_from(headers, 'UTF8'), 'first', 'late')::bytea, "
            "body, accepted FROM command"
        )
        await client.execute(PlaceOrder(order_id="a"), id="second")
        await late.execute("COMMIT")

        assert (await client.ticket(PlaceOrder, "late").result()).order_id == "a"


async def test_schemas_side_by_side_do_not_hear_each_other(postgres: str) -> None:
    other = f"{Asked(postgres).schema}_b"
    logs = Log(), Log()
    apps = [App(publisher(), subscriber("email", log)) for log in logs]
    stores = [postgres, postgres.replace(Asked(postgres).schema, other)]
    try:
        async with apps[0].running(store=stores[0]) as one, apps[1].running(store=stores[1]) as two:
            await one.publish(OrderPlaced(order_id="one"))
            await two.publish(OrderPlaced(order_id="two"))
            await heard(logs[0], 1)
            await heard(logs[1], 1)
    finally:
        async with session(postgres) as cleaner:
            await cleaner.execute(f"DROP SCHEMA {other} CASCADE")

    assert logs == (["one.0"], ["two.0"])


async def test_a_migration_that_many_run_at_once_happens_once(postgres: str) -> None:
    async def run_once() -> None:
        async with App(publisher()).client(store=postgres):
            pass

    await asyncio.gather(*(run_once() for _ in range(8)))

    async with session(postgres) as asked:
        assert [tuple(row) for row in await asked.fetch("SELECT * FROM meta")] == [("version", str(VERSION))]


async def test_a_schema_that_a_newer_tense_made_is_refused(postgres: str) -> None:
    app = App(publisher())
    async with app.client(store=postgres):
        pass
    async with session(postgres) as asked:
        await asked.execute("UPDATE meta SET value = '99' WHERE name = 'version'")

    with pytest.raises(StoreUnusableError, match="newer Tense"):
        async with app.client(store=postgres):
            pass


async def test_a_role_that_may_not_change_the_schema_works_once_another_made_it(postgres: str) -> None:
    schema = Asked(postgres).schema
    role, worker = f"{schema}_worker", postgres.replace("//postgres@", f"//{schema}_worker@")
    app = App(publisher())
    async with session(postgres) as owner:
        await owner.execute(f"CREATE ROLE {role} LOGIN")
        try:
            with pytest.raises(StoreUnusableError, match="tense db migrate"):
                async with app.client(store=worker):
                    pass
            async with app.client(store=postgres):
                pass
            await owner.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
            await owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}")
            await owner.execute(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}")

            async with app.running(store=worker) as client:
                assert (await client.execute(PlaceOrder(order_id="a"))).order_id == "a"
        finally:
            await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


async def test_whoever_loses_all_connections_goes_on_with_new_ones(postgres: str) -> None:
    log = Log()
    async with (
        App(publisher(), subscriber("email", log)).running(store=postgres) as client,
        session(postgres) as killer,
    ):
        for number in range(30):
            await client.send(PlaceOrder(order_id=f"{number % 4}", number=number))
            if number % 10 == 5:
                await killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                    "AND pid IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%' || $1 || '%')",
                    Asked(postgres).schema,
                )
        await heard(log, 30, limit=30)
        while len(set(log)) < 30:
            await heard(log, len(log) + 1, limit=30)

    # What had no transaction may have begun twice; nothing is missing, and nothing new comes before what was.
    log[:] = dict.fromkeys(log)
    assert sorted(log, key=lambda entry: int(entry.partition(".")[2])) == [f"{n % 4}.{n}" for n in range(30)]
    for key in "0123":
        numbers = [int(entry.partition(".")[2]) for entry in log if entry.startswith(f"{key}.")]
        assert numbers == sorted(numbers)


async def test_a_server_that_is_not_there_is_told_with_its_address() -> None:
    with pytest.raises(Exception, match=r"the connection to postgresql://nobody@127.0.0.1:1/none"):
        async with App(publisher()).client(store="postgresql://nobody:secret@127.0.0.1:1/none"):
            pass


async def test_a_database_that_is_not_there_is_named(postgres: str) -> None:
    address = postgres.partition("?")[0].rpartition("/")[0] + "/no_such_database"

    with pytest.raises(StoreUnusableError, match="no_such_database"):
        async with App(publisher()).client(store=address):
            pass


async def test_behind_a_pooler_in_transaction_mode_polling_is_enough(postgres: str) -> None:
    log = Log()
    alone = f"{postgres}&pooler=transaction"
    async with App(publisher(), subscriber("email", log)).running(store=alone), _client(alone) as sender:
        await sender.send(PlaceOrder(order_id="a"))
        await heard(log, 1)

    assert open_store(alone).capabilities.shared


@asynccontextmanager
async def _client(store: str) -> AsyncIterator[Client]:
    async with App(publisher()).client(store=store) as client:
        yield client
