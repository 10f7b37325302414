"""An app of one command that writes a row in PostgreSQL, and fails as it is asked to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asked import Asked

from tense import App, Client, Command, CommandFailed, Contract, Event, Publish, Rejection, Retry, Service, Transaction
from tense.adapters.stores.postgres.company import SURE
from tense.runtime.system import SystemClock

shop = Contract("shop")


class Refused(Rejection):
    why: str = ""


class Write(Command[None, Refused], owner=shop, key="key"):
    key: str
    number: int = 0
    how: str = ""


class Written(Event, owner=shop, key="key"):
    key: str
    number: int = 0


TABLES = """
CREATE TABLE {schema}.written (
    at bigint GENERATED ALWAYS AS IDENTITY, key text NOT NULL, number int NOT NULL, tenant text,
    tx bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint
);
CREATE TABLE {schema}.stock (name text PRIMARY KEY, count int NOT NULL);
CREATE TABLE {schema}.later (number int NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO {schema}.stock VALUES ('a', 0), ('b', 0);
INSERT INTO {schema}.later VALUES (1)
"""

INSERT = "INSERT INTO written (key, number, tenant) VALUES (:key, :number, current_setting('shop.tenant', true))"

Handle = Callable[[Write, Transaction], Awaitable[None]]


async def plain(command: Write, db: Transaction) -> None:
    """Write one row, and fail in the way that the command asks for."""
    await db.execute(INSERT, key=command.key, number=command.number)
    if command.how == "break":
        raise ValueError("broken")
    if command.how == "refuse":
        raise Refused(why="asked for")
    if command.how == "syntax":
        await db.execute("INSERT INTO nothing_of_this_name (a) VALUES (:a)", a=1)
    if command.how == "swallow":
        try:
            await db.execute("INSERT INTO stock (name, count) VALUES (:name, 0)", name="a")
        except asyncpg.UniqueViolationError:
            return
    if command.how == "value":
        await db.execute(INSERT, key=command.key, number="not a number")
    if command.how == "deferred":
        await db.execute("INSERT INTO later (number) VALUES (:number)", number=1)
    if command.how == "part":
        try:
            async with db.begin():
                await db.execute("INSERT INTO stock (name, count) VALUES (:name, 0)", name="a")
        except asyncpg.UniqueViolationError:
            await db.execute("UPDATE stock SET count = count + 1 WHERE name = :name", name="b")


WAYS = [
    ("break", "failed", 0),
    ("refuse", "Refused", 0),
    ("syntax", "failed", 0),
    ("swallow", "failed", 0),
    ("value", "failed", 0),
    ("deferred", "failed", 0),
    ("part", "NoneType", 3),
]
"""What `plain` may be asked for; how a command ends then, and how many of three such leave their rows."""


class Shop:
    """An app whose one command runs what a test gives, in a schema with a few tables."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.asked = Asked(store)
        self.handle: Handle = plain

    @asynccontextmanager
    async def running(self, retry: Retry | None = None, timeout: float = 60.0) -> AsyncIterator[Client]:
        """The app, its handler seen to be short: from now on it shares."""
        connection = await self.asked.connect()
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {self.asked.schema}")
        await connection.execute(TABLES.format(schema=self.asked.schema))
        await connection.close()
        service = Service(shop)

        @service.handles(Write, retry=retry or Retry(attempts=1), timeout=timeout)
        async def write(command: Write, db: Transaction, publish: Publish[Written]) -> None:
            await self.handle(command, db)
            publish(Written(key=command.key, number=command.number))

        async with App(service).running(store=self.store) as client:
            await client.execute(Write(key="first"))
            await self.ask("DELETE FROM written")
            yield client

    async def grow_alike(self, client: Client) -> None:
        """Commands that all say one insert and no more, until it is known of them."""
        handle, self.handle = self.handle, plain
        assert set(await ended(client, *(Write(key=f"{n}") for n in range(2 * SURE)))) == {"NoneType"}
        await self.ask("DELETE FROM written")
        self.handle = handle

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        connection = await self.asked.connect()
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


async def ended(client: Client, *commands: Write) -> list[str]:
    """How each ended, sent all at once."""

    async def one(command: Write) -> str:
        try:
            return type(await client.outcome(command, timeout=20)).__name__
        except CommandFailed:
            return "failed"

    return await asyncio.gather(*map(one, commands))


async def until(true: Callable[[], Awaitable[bool]], limit: float = 10.0) -> None:
    end = SystemClock.elapsed() + limit
    while not await true():
        assert SystemClock.elapsed() < end, f"not so after {limit} s"
        await asyncio.sleep(0.01)
