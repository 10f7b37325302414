"""A schema that the first version made, with messages on their way: it is brought on, and nothing is lost or told twice."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asked import Asked

from tense import App
from tense.adapters.stores.postgres.schema import BEGIN, VERSION, in_schema, steps
from tense.rules.lanes import lane_of
from words import Log, OrderPlaced, PlaceOrder, placing, publisher, subscriber

pytestmark = pytest.mark.server("postgres")

LANES = 64

COMMAND = """
INSERT INTO command (id, service, lane, state, key, type, headers, body, accepted)
VALUES ($1, 'orders', $2, 0, $3, 'orders.PlaceOrder', $4, $5, $6)
"""
EVENT = """
INSERT INTO log (id, channel, lane, key, type, headers, body, accepted)
VALUES ($1, 'orders.order', $2, $3, 'orders.OrderPlaced', $4, $5, $6) RETURNING xid, pos
"""
CONSUMER = "INSERT INTO consumer VALUES ($1, $2, $3, $4, $5, $6, 1, $7)"
LANE = "INSERT INTO lane (consumer, lane, token, xid, pos) SELECT $1, n, 1, $3, $4 FROM generate_series(0, $2 - 1) AS n"
DEAD = """
INSERT INTO dead (consumer, kind, id, type, key, lane, pos, reason, error, traceback, attempts, accepted, died,
                  redriven, headers, body)
VALUES ('orders', 'command', $1, 'orders.PlaceOrder', $3, $2, 0, 'exhausted', 'e', 't', 3, $6, $6, 0, $4, $5)
"""

KEPT = ("id FROM command", "id FROM log", "id FROM dead", "name FROM consumer", "(consumer, lane) FROM lane")


@asynccontextmanager
async def session(store: str) -> AsyncIterator[Any]:
    connection = await Asked(store).connect()
    try:
        yield connection
    finally:
        await connection.close()


def row(name: str, key: str, kind: str, now: float) -> Sequence[Any]:
    """The columns of a message, as every version has written them."""
    about: dict[str, object] = {"id": name, "kind": kind, "time": now, "partitionkey": key}
    about["type"] = "orders.PlaceOrder" if kind == "command" else "orders.OrderPlaced"
    if kind == "event":
        about |= {"source": "orders", "aggregatetype": "order"}
    body = json.dumps({"order_id": key, "number": 0}).encode()
    return name, lane_of(key, LANES), key, json.dumps(about).encode(), body, now


async def make_first_version(store: str) -> None:
    """The tables of version 1: a command waits, one is dead, and a subscription has read one of two events."""
    now, schema = time.time(), Asked(store).schema
    async with session(store) as old:
        await old.execute(in_schema(schema, BEGIN) + steps(schema, 0, 1))
        await old.execute(COMMAND, *row("waiting", "a", "command", now))
        await old.execute(DEAD, *row("dead", "b", "command", now))
        cursor = await old.fetchrow(EVENT, *row("read", "c", "event", now))
        await old.fetchrow(EVENT, *row("logged", "d", "event", now))
        await old.execute(CONSUMER, "orders", "orders", "orders", "inbox", LANES, [], now)
        subscription = ("email<orders.order", "email", "orders.order", "subscription")
        await old.execute(CONSUMER, *subscription, LANES, ["orders.OrderPlaced"], now)
        await old.execute(LANE, "orders", LANES, 0, 0)
        await old.execute(LANE, "email<orders.order", LANES, *cursor)
        await old.execute("INSERT INTO service VALUES ('orders', $1), ('email', $1)", now)


async def kept(store: str) -> list[set[object]]:
    async with session(store) as asked:
        return [{found[0] for found in await asked.fetch(f"SELECT {what}")} for what in KEPT]


async def version(store: str) -> list[str]:
    async with session(store) as asked:
        return [found[0] for found in await asked.fetch("SELECT value FROM meta WHERE name = 'version'")]


async def test_what_waits_in_the_tables_of_the_first_version_is_handled_by_this_one(postgres: str) -> None:
    await make_first_version(postgres)
    before = await kept(postgres)
    placed, heard = Log(), Log()

    async with App(placing(placed), subscriber("email", heard)).running(store=postgres) as client:
        receipt = await client.ticket(PlaceOrder, "waiting").result(timeout=30)
        await client.publish(OrderPlaced(order_id="d", number=1))
        async with asyncio.timeout(60):
            while len(heard) < 2:
                await asyncio.sleep(0.01)
    after = await kept(postgres)

    assert await version(postgres) == [str(VERSION)]
    assert (receipt.order_id, placed) == ("a", ["a.0"])
    assert heard == ["d.0", "d.1"], "what was read before is not read again"
    assert [old - new for old, new in zip(before, after, strict=True)] == [set()] * len(KEPT)


async def test_bringing_it_on_leaves_its_rows_alone_and_opening_it_again_changes_nothing(postgres: str) -> None:
    await make_first_version(postgres)
    before = await kept(postgres)

    for _ in range(2):
        async with App(publisher()).client(store=postgres):
            assert await version(postgres) == [str(VERSION)]

    assert await kept(postgres) == before


async def test_many_that_open_an_old_schema_at_the_same_moment_bring_it_on_once(postgres: str) -> None:
    many, schema = 4, Asked(postgres).schema
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%meta%'"
    )
    await make_first_version(postgres)
    placed = Log()

    async def work() -> None:
        async with App(placing(placed)).running(store=postgres) as client:
            await client.ticket(PlaceOrder, "waiting").result(timeout=30)

    async with session(postgres) as holder, session(postgres) as asked:
        await holder.execute("BEGIN; LOCK TABLE meta")
        opening = [asyncio.ensure_future(work()) for _ in range(many)]
        async with asyncio.timeout(30):
            while await asked.fetchval(waiting, schema) < many:
                await asyncio.sleep(0.01)
        # Each of them has yet to learn that the schema is an old one.
        await holder.execute("COMMIT")
        await asyncio.gather(*opening)

    assert await version(postgres) == [str(VERSION)]
    assert placed == ["a.0"]
