"""A fleet of four processes beside one process, on the same backlog; and what workers ask the server while all is quiet."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.children import ask, command, surroundings
from benchmarks.durable import LANES, SENDERS, Finish, _sent, app_of
from benchmarks.line import Line, amount, compared
from benchmarks.servers.database import STATE, database, rows_of, value
from benchmarks.servers.durable import AT_ONCE

FLEET = 4
SETTLED = 14.0
"""Seconds after which nothing of the start is counted: a session that rests tells what it did ten seconds later."""
IDLE_FOR = 20.0
IDLE_BAR = 5.0
CALLS = "SELECT sum(xact_commit + xact_rollback)::bigint FROM pg_stat_database WHERE datname = current_database()"


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    # So many that the half second in which four processes start and share the lanes is a small part.
    rounds, count = (1, 8000) if quick else (3, 120_000)
    one, four = [], []
    for _ in range(rounds):
        one.append(handled(1, count))
        four.append(handled(FLEET, count))
    most = 20_000 if quick else 200_000
    handled(FLEET, most)
    once = Line(
        row="fleet",
        work=f"{most:,} messages by 4 processes",
        tense="0 duplicates, 0 lost",
        beside="",
        bar="0 duplicates",
        met=True,
    )
    return [compared("fleet", "handled by 4 processes", (four, one), other="by 1", bar=1.0), once, idle()]


def handled(processes: int, count: int) -> float:
    """How many are handled a second, from the start of the first process to the last row. Each is there once."""
    with database(STATE) as address:
        ask("benchmarks.servers.fleet:fill", address=address, count=count)
        with workers(address, processes) as began:
            asyncio.run(_until(address, count))
            took = time.perf_counter() - began
        assert rows_of(address) == (count, count)
    return count / took


def idle() -> Line:
    """Transactions a second that the server counts while a fleet has nothing to do; each of a worker's is one statement."""
    with database(STATE) as address:
        ask("benchmarks.servers.fleet:fill", address=address, count=0)
        with workers(address, FLEET):
            time.sleep(SETTLED)
            before, began = asyncio.run(value(address, CALLS))[0], time.perf_counter()
            time.sleep(IDLE_FOR)
            after, took = asyncio.run(value(address, CALLS))[0], time.perf_counter() - began
    # What was asked here is one of them.
    rate = (after - before - 1) / took
    return Line(
        row="fleet",
        work="idle, statements of all 4",
        tense=amount(rate, "/s") if rate >= 10 else f"{rate:.1f}/s",
        beside="",
        ratio=rate / IDLE_BAR,
        bar=f"< {IDLE_BAR:g}/s",
        met=rate < IDLE_BAR,
        data={"fleet": FLEET},
    )


@contextmanager
def workers(address: str, count: int) -> Iterator[float]:
    """So many processes that handle; the moment at which all were ready."""
    found = [
        subprocess.Popen(
            command("benchmarks.servers.fleet:work", sys.executable, {"address": address}),
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    try:
        for each in found:
            assert each.stdout is not None
            assert json.loads(each.stdout.readline()) == "ready"
        for each in found:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        yield time.perf_counter()
    finally:
        for each in found:
            assert each.stdin is not None
            each.stdin.close()
        for each in found:
            each.wait(60)


async def _until(address: str, count: int) -> None:
    import asyncpg

    connection, began = await asyncpg.connect(address), time.perf_counter()
    while (through := await connection.fetchval("SELECT count(*) FROM state")) < count:
        # To count is work for the server too: it is asked often only towards the end.
        left = (time.perf_counter() - began) * (count - through) / max(1, through)
        await asyncio.sleep(min(0.5, max(0.05, left / 2)))
    await connection.close()


def fill(address: str, count: int) -> int:
    """Make the tables and send a backlog."""
    return asyncio.run(_fill(address, count))


async def _fill(address: str, count: int) -> int:
    async with app_of(Finish(0)).client(store=address) as client:
        if count:
            await _sent(client.send, count, SENDERS)
    return count


def work(address: str) -> int:
    """A process that handles from the word on, until its input is closed."""
    print('"ready"', flush=True)
    sys.stdin.readline()
    return asyncio.run(_work(address))


async def _work(address: str) -> int:
    async with app_of(Finish(0), LANES, AT_ONCE).running(store=address):
        await asyncio.to_thread(sys.stdin.read)
    return 0
