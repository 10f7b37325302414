"""From `send` in one process to the handler in another, 50 a second; and what an outbox adds to a user's transaction."""

import asyncio
import json
import subprocess
import sys
import time
from statistics import median, quantiles

import asyncpg

from benchmarks.children import ask, command, surroundings
from benchmarks.line import Line, amount
from benchmarks.servers.database import STATE, database
from benchmarks.words import OrderPlaced, PlaceOrder, Receipt, orders
from tense import App, Metadata, Service, Transaction

RATE = 50
MEDIAN, WORST = 10.0, 50.0


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    found = measured(200 if quick else 1500)
    p99 = quantiles(found, n=100)[-1]
    trips = outbox()
    return [
        Line(
            row="latency",
            work=f"send to handler in another process, {RATE}/s",
            tense=f"median {amount(median(found), 'ms')}, p99 {amount(p99, 'ms')}",
            beside="",
            ratio=median(found) / MEDIAN,
            bar=f"median < {MEDIAN:g} ms, p99 < {WORST:g} ms",
            met=median(found) < MEDIAN and p99 < WORST,
            data={"ms": found},
        ),
        Line(
            row="outbox",
            work="round trips that it adds to an open transaction",
            tense=f"{trips}",
            beside="two events and a command",
            bar="<= 1",
            met=trips <= 1,
        ),
    ]


def measured(count: int) -> list[float]:
    """Milliseconds from before `send` to the handler's first statement."""
    with database(STATE) as address:
        ask("benchmarks.servers.fleet:fill", address=address, count=0)
        server = subprocess.Popen(
            command("benchmarks.servers.latency:serve", sys.executable, {"address": address, "count": count}),
            env=surroundings(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        assert json.loads(server.stdout.readline()) == "ready"
        sent = ask("benchmarks.servers.latency:send", address=address, count=count)
        handled = json.loads(server.stdout.readline())
        server.wait(30)
    return [(handled[name] - moment) * 1000 for name, moment in sent.items()][20:]


def serve(address: str, count: int) -> dict[str, float]:
    """When each was handled, by this machine's clock."""
    return asyncio.run(_serve(address, count))


async def _serve(address: str, count: int) -> dict[str, float]:
    found: dict[str, float] = {}
    done = asyncio.Event()
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, db: Transaction, metadata: Metadata) -> Receipt:
        found.setdefault(metadata.id, time.time())
        await db.execute("INSERT INTO state (id, cents) VALUES (:id, :cents)", id=command.order_id, cents=command.cents)
        if len(found) == count:
            done.set()
        return Receipt(total=command.cents)

    async with App(service).running(store=address):
        print('"ready"', flush=True)
        await done.wait()
    return found


def send(address: str, count: int) -> dict[str, float]:
    """When each was sent."""
    return asyncio.run(_send(address, count))


async def _send(address: str, count: int) -> dict[str, float]:
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        return Receipt(total=command.cents)

    found = {}
    async with App(service).client(store=address) as client:
        for n in range(count):
            began = time.time()
            ticket = await client.send(PlaceOrder(order_id=f"order-{n}"))
            found[ticket.id] = began
            await asyncio.sleep(max(0.0, 1 / RATE - (time.time() - began)))
    return found


def outbox() -> int:
    """How often the server answers more, where a user's transaction says three messages."""
    with database(STATE) as address:
        ask("benchmarks.servers.fleet:fill", address=address, count=0)
        return asyncio.run(_outbox(address))


async def _outbox(address: str) -> int:
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        return Receipt(total=command.cents)

    app = App(service)
    connection = await asyncpg.connect(address)
    asked: list[str] = []
    connection.add_query_logger(lambda record: asked.append(record.query))
    added = 0
    for n in range(2):
        # The driver prepares a statement once for each connection: the second time shows what a transaction costs.
        async with connection.transaction():
            await connection.execute("INSERT INTO state (id, cents) VALUES ($1, 1)", f"order-{n}")
            before = len(asked)
            async with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id=f"{n}"))
                out.publish(OrderPlaced(order_id=f"{n}b"))
                out.send(PlaceOrder(order_id=f"{n}"))
            added = len(asked) - before
    await connection.close()
    return added
