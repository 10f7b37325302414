"""Row 3: one event to 1, 4 and 16 subscribers that each write a row. The publisher pays for none."""

import asyncio
import sqlite3
import time
from pathlib import Path
from statistics import median

from benchmarks.children import ask, folder
from benchmarks.durable import SENDERS
from benchmarks.execute import service as publisher
from benchmarks.line import Line, amount
from benchmarks.words import OrderPlaced
from tense import App, Contract, Service, Transaction

SIZES = (1, 4, 16)
TOLERANCE = 0.2


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    rounds, count = (3, 4000) if quick else (7, 10_000)
    found: dict[int, dict[str, list[float]]] = {size: {} for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            with folder() as place:
                for name, value in ask("benchmarks.fanout:measure", place=str(place), size=size, count=count).items():
                    found[size].setdefault(name, []).append(value)
    result = []
    for size in SIZES:
        ratio = median(a / b for a, b in zip(found[size]["publish"], found[1]["publish"], strict=True))
        result.append(
            Line(
                row="fanout",
                work=f"publish to {size} subscribers",
                tense=amount(median(found[size]["publish"]), "/s"),
                beside=f"all handled: {amount(median(found[size]['handled']), '/s')} events",
                ratio=ratio,
                bar=f"1 +- {TOLERANCE:g}" if size > 1 else "",
                met=abs(ratio - 1) <= TOLERANCE if size > 1 else None,
                data=dict(found[size]),
            )
        )
    return result


def measure(place: str, size: int, count: int) -> dict[str, float]:
    """Events published a second by 64 publishers; events a second that every subscriber has handled."""
    return asyncio.run(_measure(Path(place), size, count))


async def _measure(place: Path, size: int, count: int) -> dict[str, float]:
    path = place / "fanout.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE state (subscriber INTEGER NOT NULL, id TEXT NOT NULL)")
    connection.close()
    store, left, done = f"sqlite:///{path}", [size * count], asyncio.Event()
    app = App(publisher, *(_subscriber(number, left, done) for number in range(size)))
    async with app.running(store=store):
        """Every subscription takes its place in the log."""
    async with app.client(store=store) as client:

        async def publishing(number: int) -> None:
            for n in range(number, count, SENDERS):
                await client.publish(OrderPlaced(order_id=f"order-{n}"))

        began = time.perf_counter()
        await asyncio.gather(*(publishing(number) for number in range(SENDERS)))
        publish = count / (time.perf_counter() - began)
    async with app.running(store=store) as client:
        began = time.perf_counter()
        await done.wait()
        await client._store.settled()
        handled = count / (time.perf_counter() - began)
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT count(*) FROM (SELECT DISTINCT subscriber, id FROM state)").fetchone()
    assert rows == (size * count,), rows
    connection.close()
    return {"publish": publish, "handled": handled}


def _subscriber(number: int, left: list[int], done: asyncio.Event) -> Service:
    service = Service(Contract(f"subscriber{number}"))

    @service.subscribes(OrderPlaced)
    async def note(event: OrderPlaced, db: Transaction) -> None:
        await db.execute("INSERT INTO state (subscriber, id) VALUES (:number, :id)", number=number, id=event.order_id)
        left[0] -= 1
        if left[0] == 0:
            done.set()

    return service
