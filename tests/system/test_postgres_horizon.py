"""A foreign transaction that stays open: events behind it wait, in order and complete, and doctor says who holds them up."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence

import pytest
from asked import Asked

from tense import App
from words import Log, OrderPlaced, PlaceOrder, publisher, subscriber

pytestmark = pytest.mark.server("postgres")

NUMBERS = range(20)


async def heard(log: Log, count: int) -> None:
    async with asyncio.timeout(30):
        while len(log) < count:
            await asyncio.sleep(0.01)


def doctor(store: str) -> Sequence[dict[str, str]]:
    command = [sys.executable, "-m", "tense", "doctor", "--store", store, "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode in (0, 1), told.stderr
    return json.loads(told.stdout)


async def test_events_behind_a_foreign_transaction_wait_and_doctor_says_who_holds_them_up(postgres: str) -> None:
    log = Log()
    foreign = await Asked(postgres).connect()
    async with App(publisher(), subscriber("email", log)).running(store=postgres) as client:
        await foreign.execute("SET application_name = 'nightly report'; BEGIN")
        began = await foreign.fetchval("SELECT pg_current_xact_id()::text")
        for number in NUMBERS:
            await client.publish(OrderPlaced(order_id="a", number=number))
        receipt = await client.execute(PlaceOrder(order_id="b"))
        async with asyncio.timeout(30):
            while await foreign.fetchval("SELECT clock_timestamp() - now() < interval '5.5 seconds'"):
                await asyncio.sleep(0.1)
        waiting = list(log)
        findings = await asyncio.to_thread(doctor, postgres)
        await foreign.execute("COMMIT")
        await heard(log, len(NUMBERS) + 1)
    await foreign.close()

    assert began
    assert receipt.order_id == "b", "commands wait for nobody"
    assert waiting == []
    assert [entry for entry in log if entry.startswith("a.")] == [f"a.{number}" for number in NUMBERS]
    (lag,) = [finding for finding in findings if "transaction" in finding["text"]]
    assert lag["state"] == "trouble"
    assert "nightly report" in lag["mend"]
    assert "pg_terminate_backend" in lag["mend"]


async def test_what_a_transaction_says_stands_behind_what_was_committed_before_it_said_so(postgres: str) -> None:
    log, app = Log(), App(publisher(), store=postgres)
    async with App(publisher(), subscriber("email", log)).running(store=postgres):
        early, late = await Asked(postgres).connect(), await Asked(postgres).connect()
        async with early.transaction():
            await early.fetchval("SELECT pg_current_xact_id()")
            async with late.transaction():
                await late.fetchval("SELECT pg_current_xact_id()")
                async with app.outbox(late) as out:
                    out.publish(OrderPlaced(order_id="a", number=0))
            async with app.outbox(early) as out:
                out.publish(OrderPlaced(order_id="a", number=1))
        await heard(log, 2)
        await early.close()
        await late.close()

    assert list(log) == ["a.0", "a.1"]


async def test_a_worker_that_fell_silent_between_two_halves_of_a_statement_holds_events_up_no_longer_than_its_lease(
    postgres: str,
) -> None:
    """Its session looks busy to the server: it has prepared a statement and waits for the rest of it."""
    log, asked = Log(), Asked(postgres)
    async with App(publisher(), subscriber("email", log), lease=1.0).running(store=postgres) as client:
        await client.execute(PlaceOrder(order_id="first"))
        await heard(log, 1)
        silent = await asked.connect()
        await silent.execute("SET application_name = 'tense'; BEGIN")
        await silent.execute("SELECT pg_current_xact_id()")
        half = b"\0SELECT 1\0\0\0"
        silent._transport.write(b"P" + (len(half) + 4).to_bytes(4, "big") + half + b"H" + (4).to_bytes(4, "big"))
        await client.publish(OrderPlaced(order_id="a", number=0))

        await heard(log, 2)

    silent.terminate()
