"""Peers that keep their queue in PostgreSQL: 16 at once, a handler that writes and commits one row.

PgQueuer and Procrastinate promise at least once; DBOS counts the effect of a transaction once, as Tense does. The rest
is their default, but that DBOS polls every 10 ms and not every second.
"""

import asyncio
import importlib
import json
import logging
import threading
import time
from typing import Any

import asyncpg

WORKERS = 16
WRITE = "INSERT INTO state (id, cents) VALUES ($1, $2)"
BODY = {"customer": "customer-0000042", "cents": 1999, "note": "x" * 180}


class Left:
    """Counts what was handled, from the first on."""

    def __init__(self, count: int) -> None:
        self.count = self.left = count
        self.began = 0.0
        self.done = threading.Event()

    def start(self) -> None:
        """A handler begins."""
        self.began = self.began or time.perf_counter()

    def one(self) -> None:
        """One more is through."""
        self.left -= 1
        if self.left == 0:
            self.done.set()

    def figure(self) -> dict[str, float]:
        """How many were handled a second."""
        return {"handled": self.count / (time.perf_counter() - self.began)}


def pgqueuer(address: str, count: int) -> dict[str, float]:
    """PgQueuer: jobs are taken in batches and deleted after their handler."""
    return asyncio.run(_pgqueuer(address, count))


async def _pgqueuer(address: str, count: int) -> dict[str, float]:
    module = importlib.import_module("pgqueuer")
    left = Left(count)
    async with asyncpg.create_pool(address, min_size=2, max_size=WORKERS + 4) as pool:
        driver = module.AsyncpgPoolDriver(pool)
        queries = module.Queries(driver)
        await queries.install()
        bodies = [json.dumps({"order_id": f"order-{n}", **BODY}).encode() for n in range(count)]
        await queries.enqueue(["place"] * count, bodies, [0] * count)
        manager = module.QueueManager(queries)

        @manager.entrypoint("place")  # type: ignore[untyped-decorator]  # imported when it is there
        async def place(job: Any) -> None:
            left.start()
            order = json.loads(job.payload)
            await pool.execute(WRITE, order["order_id"], order["cents"])
            left.one()

        running = asyncio.create_task(manager.run(batch_size=WORKERS, max_concurrent_tasks=2 * WORKERS))
        while left.left and not running.done():
            await asyncio.wait([running], timeout=0.05)
        figure = left.figure()
        manager.shutdown.set()
        await running
    return figure


def procrastinate(address: str, count: int) -> dict[str, float]:
    """Procrastinate: each job is taken and finished by a statement of its own."""
    return asyncio.run(_procrastinate(address, count))


async def _procrastinate(address: str, count: int) -> dict[str, float]:
    module = importlib.import_module("procrastinate")
    logging.disable(logging.INFO)
    left = Left(count)
    app = module.App(connector=module.PsycopgConnector(conninfo=address, max_size=WORKERS + 4))
    async with app.open_async(), asyncpg.create_pool(address, min_size=2, max_size=WORKERS) as pool:
        await app.schema_manager.apply_schema_async()

        @app.task(name="place")  # type: ignore[untyped-decorator]  # as above
        async def place(order_id: str, customer: str, cents: int, note: str) -> None:
            del customer, note
            left.start()
            await pool.execute(WRITE, order_id, cents)
            left.one()

        await place.batch_defer_async(*({"order_id": f"order-{n}", **BODY} for n in range(count)))
        await app.run_worker_async(concurrency=WORKERS, wait=False, listen_notify=False, install_signal_handlers=False)
        return left.figure()


def dbos(address: str, count: int) -> dict[str, float]:
    """DBOS: a workflow for each message, its one step a transaction."""
    module = importlib.import_module("dbos")
    sqlalchemy = importlib.import_module("sqlalchemy")
    logging.disable(logging.WARNING)
    left = Left(count)
    url = address.replace("postgresql://", "postgresql+psycopg://")
    config = {
        "name": "bench",
        "system_database_url": url,
        "run_admin_server": False,
    }
    module.DBOS(config=config)
    insert = sqlalchemy.text("INSERT INTO state (id, cents) VALUES (:id, :cents)")

    source = module.SQLAlchemyDatasource.create(url)

    @source.transaction(isolation_level="READ COMMITTED")  # type: ignore[untyped-decorator]  # as above
    def write(order_id: str, cents: int) -> None:
        source.sql_session().execute(insert, {"id": order_id, "cents": cents})

    @module.DBOS.workflow()  # type: ignore[untyped-decorator]  # as above
    def place(order_id: str, customer: str, cents: int, note: str) -> None:
        del customer, note
        left.start()
        write(order_id, cents)
        left.one()

    module.DBOS.launch()
    module.DBOS.register_queue("orders", worker_concurrency=WORKERS, polling_interval_sec=0.01)
    enqueue = module.DBOS.enqueue_workflow
    handles = [enqueue("orders", place, f"order-{n}", *BODY.values()) for n in range(count)]
    for handle in handles:
        handle.get_result()
    figure = left.figure()
    module.DBOS.destroy()
    return figure
