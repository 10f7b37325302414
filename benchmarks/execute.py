"""Row 1: `execute` in one process, in memory, beside a hand-written {encode, decode, one task, one timer}."""

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from benchmarks.children import ask, turns
from benchmarks.line import Line, amount, not_run
from benchmarks.memory import resident
from benchmarks.peers import environment
from benchmarks.words import PlaceOrder, Receipt, orders
from tense import App, Client, Service

ROW = "execute"
CHUNK = 2_000
PEERS = {"python-cqrs": 1.0, "lato": 2.0, "faststream": 15.0}
"""How many times faster than each."""

Once = Callable[[int], Awaitable[object]]

service = Service(orders)


@service.handles(PlaceOrder)
async def place(command: PlaceOrder) -> Receipt:
    return Receipt(total=command.cents)


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    rounds = 15 if quick else 60
    peers = environment.python()
    found = contend(peers or sys.executable, rounds)
    limit = found["by hand"]
    result = [_against("hand-written", found, 1.0, "<= 1 x the time", limit)]
    for name, times in PEERS.items():
        if name in found:
            result.append(_against(name, found, 1 / times, f">= {times:g} x faster", found[name]))
        else:
            result.append(not_run(ROW, f"execute beside {name}", "no benchmarks/.venv"))
    return [*result, _growth(quick)]


def _against(name: str, found: dict[str, list[float]], most: float, bar: str, other: list[float]) -> Line:
    tense = found["tense"]
    ratio = median(a / b for a, b in zip(tense, other, strict=True))
    return Line(
        row=ROW,
        work=f"execute beside {name}",
        tense=amount(median(tense), "us"),
        beside=f"{name} {amount(median(other), 'us')}",
        ratio=ratio,
        bar=bar,
        met=ratio <= most,
        data={"tense": tense, name: other},
    )


def _growth(quick: bool) -> Line:  # noqa: FBT001 - as above
    count = 50_000 if quick else 200_000
    found = ask("benchmarks.execute:grow", count=count)
    return Line(
        row=ROW,
        work=f"growth over {count:,}",
        tense=f"{found['grown']:,} bytes, {found['objects']:,} objects",
        beside="",
        bar="0 bytes a command",
        # Memory is counted in pages: less than a byte for each command is none.
        met=found["grown"] < count and found["objects"] < 1000,
        data=found,
    )


def contend(python: str | Path, rounds: int) -> dict[str, list[float]]:
    """Microseconds for one command, round by round in turn: Tense, by hand, and the peers that can be imported."""
    with ExitStack() as stack:
        children = {
            name: stack.enter_context(turns("benchmarks.execute:serve", python=python, contender=name))
            for name in ("tense", "by hand", *PEERS)
        }
        times: dict[str, list[float]] = {name: [] for name in children}
        for _ in range(rounds):
            for name, turn in children.items():
                if (took := turn()) is not None:
                    times[name].append(took)
    return {name: found for name, found in times.items() if found}


def serve(contender: str) -> None:
    """Be one contender: run a chunk whenever told to."""
    asyncio.run(_serve(contender))


async def _serve(contender: str) -> None:
    from benchmarks.peers.inprocess import CONTENDERS

    async with AsyncExitStack() as stack:
        if contender == "tense":
            client = await stack.enter_async_context(App(service).running())
            once, chunk = _through(client), CHUNK
        elif contender == "by hand":
            once, chunk = by_hand(), CHUNK
        else:
            make, chunk = CONTENDERS[contender]
            once = await stack.enter_async_context(make())
        await _chunk(once, 2 * chunk)
        while await asyncio.to_thread(sys.stdin.readline):
            print(await _chunk(once, chunk), flush=True)


def _through(client: Client) -> Once:
    return lambda n: client.execute(PlaceOrder(order_id=f"order-{n}"))


async def _chunk(once: Once, count: int) -> float:
    began = time.perf_counter()
    for n in range(count):
        await once(n)
    return (time.perf_counter() - began) / count * 1e6


def by_hand() -> Once:
    """No framework: the command to JSON and back, a task for the handler, a time-out around it."""
    encode = msgspec.json.Encoder().encode
    decode = msgspec.json.Decoder(PlaceOrder).decode

    async def handle(body: bytes) -> Receipt:
        async with asyncio.timeout(30.0):
            return await place(decode(body))

    async def once(n: int) -> Any:
        return await asyncio.create_task(handle(encode(PlaceOrder(order_id=f"order-{n}"))))

    return once


def grow(count: int) -> dict[str, int]:
    """Bytes and objects that `count` commands leave behind."""
    return asyncio.run(_grow(count))


async def _grow(count: int) -> dict[str, int]:
    async with App(service).running() as client:
        # The store remembers 10,000 outcomes; what the allocator needs for them has settled after some times as many.
        for n in range(100_000):
            await client.execute(PlaceOrder(order_id=f"order-{n}"))
        before, objects = resident(), len(gc.get_objects())
        for n in range(count):
            await client.execute(PlaceOrder(order_id=f"order-{n}"))
        after = resident()
        return {"grown": after - before, "objects": len(gc.get_objects()) - objects}
