"""Order, fences and turns where the unit of work is the project's own session."""

import asyncio
from typing import Any

import pytest
from sessions import QUICK, Row, doing, noting, placing, schema_of, until
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tense import CommandFailed, Contract, Execute, Service
from words import (
    ChargeCard,
    Log,
    OrderPlaced,
    PlaceOrder,
    Receipt,
    orders,
    payment,
)


async def test_a_lane_that_was_lost_meanwhile_keeps_nothing_and_the_new_owner_does_the_work(
    opened, driver: str
) -> None:
    tries = Log()

    async def lose(session: AsyncSession, command: PlaceOrder) -> None:
        tries.note(command.order_id)
        if len(tries) == 1:
            await take_over(shop.engine, driver, schema_of(shop.store))
        session.add(Row(name=f"try {len(tries)}"))

    async with opened(doing(lose)) as (shop, client):
        await client.execute(PlaceOrder(order_id="a"), timeout=60)

        assert (len(tries), await shop.rows()) == (2, ["try 2"])


async def test_order_by_key_survives_failures_and_concurrency(opened) -> None:
    failed: set[str] = set()
    heard = Log()
    service = Service(Contract("mirror"), concurrency=16)

    @service.subscribes(OrderPlaced, retry=QUICK)
    async def mirror(event: OrderPlaced, session: AsyncSession) -> None:
        name = f"seen {event.order_id}.{event.number}"
        session.add(Row(name=name, number=event.number))
        await session.flush()
        if event.number % 3 == 1 and name not in failed:
            failed.add(name)
            raise RuntimeError("once")
        heard.note(name)

    async with opened(placing(Log()), service, noting(Log())) as (shop, client):
        orders_placed = [PlaceOrder(order_id=f"o{key}", number=number) for number in range(6) for key in range(8)]
        for some in range(0, len(orders_placed), 8):
            await asyncio.gather(*(client.execute(order) for order in orders_placed[some : some + 8]))
        await until(lambda: len(heard) == 48)

        async def committed() -> bool:
            return len(await shop.rows()) == 96

        await until(committed)
        assert len(failed) == 16
        for key in range(8):
            assert [entry for entry in heard if f"o{key}." in entry] == [f"seen o{key}.{n}" for n in range(6)]


async def test_a_command_is_executed_before_the_session_is_used_and_not_after(opened) -> None:
    placing_first, paying = Service(orders), Service(payment)

    @paying.handles(ChargeCard)
    async def charge_card(command: ChargeCard, session: AsyncSession) -> str:
        session.add(Row(name=f"charged {command.order_id}"))
        return "reference"

    @placing_first.handles(PlaceOrder, retry=QUICK)
    async def place(command: PlaceOrder, session: AsyncSession, charge: Execute[ChargeCard]) -> Receipt:
        if command.order_id == "late":
            session.add(Row(name="written first"))
        await charge(ChargeCard(order_id=command.order_id))
        session.add(Row(name=command.order_id))
        return Receipt(order_id=command.order_id)

    async with opened(placing_first, paying) as (shop, client):
        await client.execute(PlaceOrder(order_id="early"))
        with pytest.raises(CommandFailed, match="execute first, then write"):
            await client.execute(PlaceOrder(order_id="late"))

        assert await shop.rows() == ["charged early", "early"]


@pytest.mark.parametrize("driver", ["aiosqlite"], indirect=True)
async def test_two_handlers_that_read_before_they_write_do_not_both_sell_the_last_one(opened) -> None:

    async def sell(session: AsyncSession, command: PlaceOrder) -> None:
        sold = len((await session.scalars(select(Row.name))).all())
        await asyncio.sleep(0)
        session.add(Row(name=f"{sold}"))

    async with opened(doing(sell)) as (shop, client):
        await asyncio.gather(*(client.execute(PlaceOrder(order_id=f"o{i}")) for i in range(30)))

        assert sorted(await shop.rows(), key=int) == [str(i) for i in range(30)]


async def take_over(engine: Any, driver: str, schema: str) -> None:
    """Another worker takes every lane, as it may once a lease has run out, and is gone again."""
    lanes = "tense_lane" if driver == "aiosqlite" else f"{schema}.lane"
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE {lanes} SET token = token + 1, owner = 'somebody else'"))
        if driver == "aiosqlite":
            await connection.execute(text("UPDATE tense_meta SET value = value + 1 WHERE name = 'fence'"))
