"""A handler's line to the database: one statement after the other, and its end is the engine's."""

import asyncio
from typing import Any

import asyncpg
import pytest
from writing import INSERT, Shop, Write, ended, plain

from tense import Retry, Transaction

pytestmark = pytest.mark.server("postgres")


@pytest.mark.parametrize("how", ["ROLLBACK", "COMMIT", "INSERT INTO stock VALUES ('c', 1); COMMIT", "driver"])
async def test_one_that_ends_the_transaction_takes_nobodys_rows_with_it(postgres: str, how: str) -> None:
    one, ended_by = Shop(postgres), list[str]()

    async def undoing(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how and command.key not in ended_by:
            ended_by.append(command.key)
            unit: Any = db._line  # type: ignore[attr-defined]  # a handler asks for the driver by its type
            await (await unit.driver(asyncpg.Connection)).execute("ROLLBACK")

    async def saying(command: Write, db: Transaction) -> None:
        await db.execute(INSERT, key=command.key, number=command.number)
        if command.how:
            await db.execute(how)

    one.handle = undoing if how == "driver" else saying
    # Of a driver in the hands of a handler nothing is known beforehand: whoever comes behind it may fail, and runs again.
    async with one.running(Retry(attempts=5) if how == "driver" else None) as client:
        for at in range(4):
            commands = [Write(key=f"{at}.{n}", number=n, how="end" if n == 17 else "") for n in range(30)]
            assert await ended(client, *commands) == [
                "failed" if n == 17 and how != "driver" else "NoneType" for n in range(30)
            ]

        rows = 116 if how != "driver" else 120
        assert await one.ask("SELECT count(*), count(DISTINCT key) FROM written") == [(rows, rows)]


async def test_what_one_handler_says_at_once_is_said_one_after_the_other(postgres: str) -> None:
    one = Shop(postgres)

    async def both(command: Write, db: Transaction) -> None:
        first, second, found, _ = await asyncio.gather(
            db.execute(INSERT, key=command.key, number=1),
            db.execute(INSERT, key=command.key, number=2),
            db.fetch_value("SELECT count(*) FROM written WHERE key = :key", key=command.key),
            db.execute("UPDATE stock SET count = count + 1 WHERE name = 'a' AND :key = '0.0'", key=command.key),
        )
        assert (first, second, found) == (1, 1, 2)

    one.handle = both
    async with one.running() as client:
        for at in range(3):
            assert await ended(client, *(Write(key=f"{at}.{n}") for n in range(30))) == ["NoneType"] * 30

        assert await one.ask("SELECT count(*), count(DISTINCT (key, number)) FROM written") == [(180, 180)]
