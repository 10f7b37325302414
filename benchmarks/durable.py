"""Row 2: SQLite with synchronous=FULL, a handler that writes one row, beside a hand-written loop and peers."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import byhand
from benchmarks.children import ask, folder
from benchmarks.line import Line, amount, compared, not_run
from benchmarks.peers import environment
from benchmarks.words import PlaceOrder, Receipt, orders
from tense import App, Service, Transaction

SENDERS = 64
LANES = 16
CLAIM = 64
BOTH = 8000.0
WORK = {
    "accept64": "accepted by 64 senders",
    "handle16": "handled exactly once in 16 lanes",
    "both": "both at once",
    "accept1": "accepted by one sender",
}
BARS = {"accept64": 0.3, "handle16": 0.3, "accept1": 0.7}
PEERS = {"huey": 25.0, "litequeue": 6.0, "persist-queue": 6.0}

Found = dict[str, list[float]]
Send = Callable[[PlaceOrder], Awaitable[object]]


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row on this disk."""
    rounds, count = (3, 8000) if quick else (7, 20_000)
    found = _interleaved(rounds, count, None)
    result = _lines("durable", found)
    peers = environment.python()
    for name, times in PEERS.items():
        if peers is None:
            result.append(not_run("durable", f"handled, beside {name}", "no benchmarks/.venv"))
            continue
        values = [_peer(name, peers, 1000 if quick else 2000) for _ in range(min(rounds, 3))]
        pairs = (found["tense"]["handle16"][: len(values)], values)
        result.append(compared("durable", f"handled, beside {name}", pairs, other=name, bar=times))
    return result


def slow_lines(quick: bool) -> list[Line]:  # noqa: FBT001 - as above
    """The same where an fsync takes a millisecond more."""
    with folder() as place:
        shim = _shim(place)
        if shim is None:
            return [not_run("slow-disk", "an fsync 1 ms slower", "no C compiler, or no LD_PRELOAD here")]
        rounds, count = (2, 4000) if quick else (5, 10_000)
        return _lines("slow-disk", _interleaved(rounds, count, shim))


def _lines(row: str, found: dict[str, Found]) -> list[Line]:
    tense, hand = found["tense"], found["by hand"]
    result = []
    for name, work in WORK.items():
        if name in BARS:
            result.append(compared(row, work, (tense[name], hand[name]), other="by hand", bar=BARS[name]))
            continue
        result.append(
            Line(
                row=row,
                work=work,
                tense=amount(median(tense[name]), "/s"),
                beside=f"by hand {amount(median(hand[name]), '/s')}",
                ratio=median(a / b for a, b in zip(tense[name], hand[name], strict=True)),
                bar=f">= {BOTH:,.0f}/s",
                met=median(tense[name]) >= BOTH,
                data={"tense": tense[name], "by hand": hand[name]},
            )
        )
    return result


def _interleaved(rounds: int, count: int, shim: Path | None) -> dict[str, Found]:
    found: dict[str, Found] = {"tense": {}, "by hand": {}}
    for _ in range(rounds):
        for contender, target in (("by hand", "benchmarks.durable:hand"), ("tense", "benchmarks.durable:tense")):
            with folder() as place:
                answer = ask(target, preload=shim, place=str(place), count=count)
            for name, value in answer.items():
                found[contender].setdefault(name, []).append(value)
    return found


def _peer(name: str, python: Path, count: int) -> float:
    with folder() as place:
        answer = ask(f"benchmarks.peers.queues:{name.replace('-', '_')}", python=python, place=str(place), count=count)
    return float(answer["handled"])


def _shim(place: Path) -> Path | None:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        return None
    source, shim = Path(__file__).with_name("slow_fsync.c"), place / "slow_fsync.so"
    done = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl"], capture_output=True, check=False
    )
    return shim if done.returncode == 0 else None


# By hand


def hand(place: str, count: int) -> dict[str, float]:
    """The four figures of the hand-written loop."""
    return asyncio.run(_hand(Path(place), count))


async def _hand(place: Path, count: int) -> dict[str, float]:
    found = {}
    for name, most in (("accept1", count // 10), ("accept64", count)):
        loop = byhand.Loop(place / f"{name}.db", None, CLAIM)
        pump = asyncio.create_task(loop.run(0))
        found[name] = await _sent(loop.send, most, SENDERS if name == "accept64" else 1)
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        loop.close()
    loop = byhand.Loop(place / "accept64.db", byhand.place, CLAIM)
    began = time.perf_counter()
    await loop.run(count)
    found["handle16"] = count / (time.perf_counter() - began)
    loop.close()
    loop = byhand.Loop(place / "both.db", byhand.place, CLAIM)
    began = time.perf_counter()
    await asyncio.gather(loop.run(count), _sent(loop.send, count, SENDERS))
    found["both"] = count / (time.perf_counter() - began)
    loop.close()
    for name in ("accept64", "both"):
        assert byhand.rows_of(place / f"{name}.db") == (count, count)
    return found


async def _sent(send: Send, count: int, senders: int) -> float:
    """Messages a second, each sender waiting for each acknowledgement."""

    async def sender(number: int) -> None:
        for n in range(number, count, senders):
            await send(PlaceOrder(order_id=f"order-{n}"))

    began = time.perf_counter()
    await asyncio.gather(*(sender(number) for number in range(senders)))
    return count / (time.perf_counter() - began)


# Tense


class Finish:
    """Counts what was handled, from the first on."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.began = 0.0
        self.done = asyncio.Event()

    def one(self) -> None:
        """One more."""
        self.began = self.began or time.perf_counter()
        self.left -= 1
        if self.left == 0:
            self.done.set()


def app_of(finish: Finish, lanes: int = LANES, concurrency: int = LANES) -> App:
    """An app whose handler writes one row."""
    service = Service(orders, concurrency=concurrency)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, db: Transaction) -> Receipt:
        await db.execute("INSERT INTO state (id, cents) VALUES (:id, :cents)", id=command.order_id, cents=command.cents)
        finish.one()
        return Receipt(total=command.cents)

    return App(service, lanes=lanes)


def tense(place: str, count: int) -> dict[str, float]:
    """The four figures of Tense."""
    return asyncio.run(_tense(Path(place), count))


async def _tense(place: Path, count: int) -> dict[str, float]:
    found = {}
    for name, most in (("accept1", count // 10), ("accept64", count)):
        finish = Finish(0)
        async with app_of(finish).running(store=await fresh(place / f"{name}.db")):
            pass
        async with app_of(finish).client(store=f"sqlite:///{place / name}.db") as client:
            found[name] = await _sent(client.send, most, SENDERS if name == "accept64" else 1)
    finish = Finish(count)
    async with app_of(finish).running(store=f"sqlite:///{place / 'accept64.db'}") as client:
        found["handle16"] = await _finished(client, finish, count)
    finish = Finish(count)
    async with app_of(finish).running(store=await fresh(place / "both.db")) as client:
        began = time.perf_counter()
        await asyncio.gather(_sent(client.send, count, SENDERS), finish.done.wait())
        await client._store.settled()
        found["both"] = count / (time.perf_counter() - began)
    for name in ("accept64", "both"):
        assert byhand.rows_of(place / f"{name}.db") == (count, count)
    return found


async def _finished(client: Any, finish: Finish, count: int) -> float:
    await finish.done.wait()
    await client._store.settled()
    return count / (time.perf_counter() - finish.began)


async def fresh(path: Path) -> str:
    """The address of a new file that has the user's table."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE state (id TEXT NOT NULL, cents INTEGER NOT NULL)")
    connection.close()
    return f"sqlite:///{path}"
