"""Row 4: one `execute` at a time across two processes on one file, beside two commits of the same disk."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from benchmarks.children import ask, command, folder, surroundings
from benchmarks.durable import Finish, app_of, fresh
from benchmarks.line import Line, amount
from benchmarks.words import PADDING, PlaceOrder

SLACK = 1.0
"""Milliseconds beyond two commits."""


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    count, rounds = (200, 1) if quick else (500, 3)
    latency, commit = [], []
    for _ in range(rounds):
        with folder() as place:
            found = _measured(place, count)
        latency += found["latency"]
        commit += found["commit"]
    bar = 2 * median(commit) + SLACK
    return [
        Line(
            row="across",
            work="execute across two processes, median",
            tense=amount(median(latency), "ms"),
            beside=f"one commit {amount(median(commit), 'ms')}, p95 of execute {quantiles(latency, n=20)[-1]:.2f} ms",
            ratio=median(latency) / bar,
            bar=f"<= {bar:.2f} ms",
            met=median(latency) <= bar,
            data={"latency": latency, "commit": commit},
        )
    ]


def _measured(place: Path, count: int) -> dict[str, list[float]]:
    server = subprocess.Popen(
        command("benchmarks.across:serve", sys.executable, {"place": str(place)}),
        env=surroundings(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert json.loads(server.stdout.readline()) == "ready"
        return ask("benchmarks.across:call", place=str(place), count=count)
    finally:
        server.stdin.close()
        server.wait(30)


def serve(place: str) -> int:
    """The process that handles, until its input is closed."""
    return asyncio.run(_serve(Path(place)))


async def _serve(place: Path) -> int:
    async with app_of(Finish(0)).running(store=await fresh(place / "across.db")):
        print('"ready"', flush=True)
        await asyncio.to_thread(sys.stdin.read)
    return 0


def call(place: str, count: int) -> dict[str, list[float]]:
    """The process that sends: milliseconds for each command, and for a commit in between."""
    return asyncio.run(_call(Path(place), count))


async def _call(place: Path, count: int) -> dict[str, list[float]]:
    disk = sqlite3.connect(place / "disk.db", isolation_level=None)
    disk.execute("PRAGMA journal_mode = WAL")
    disk.execute("PRAGMA synchronous = FULL")
    disk.execute("CREATE TABLE message (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")
    latency, commit = [], []
    async with app_of(Finish(0)).client(store=f"sqlite:///{place / 'across.db'}") as client:
        for n in range(count + 20):
            began = time.perf_counter()
            await client.execute(PlaceOrder(order_id=f"order-{n}"))
            between = time.perf_counter()
            disk.execute("INSERT INTO message (body) VALUES (?)", (PADDING,))
            ended = time.perf_counter()
            latency.append((between - began) * 1000)
            commit.append((ended - between) * 1000)
    disk.close()
    return {"latency": latency[20:], "commit": commit[20:]}
