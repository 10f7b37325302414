"""Peers that keep their queue in a SQLite file: 16 workers, a handler that writes and commits one row.

All of them promise less: at most once (huey) or at least once, no outcome, no exactly-once effect. Their files are
set to synchronous=FULL and write-ahead logging, as far as they can be; the rest is their default.
"""

import importlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

WORKERS = 16
BODY = {"customer": "customer-0000042", "cents": 1999, "note": "x" * 180}


class State:
    """The user's rows, in the same file as the queue: each handler commits its row. One connection for each thread."""

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._left = count
        self.count = count
        self.began = 0.0
        self.ended = threading.Event()
        connection = self._connect()
        connection.execute("CREATE TABLE state (id TEXT NOT NULL, cents INTEGER NOT NULL)")
        connection.close()

    def put(self, order: str, cents: int) -> None:
        """Write one row and commit it."""
        with self._lock:
            self.began = self.began or time.perf_counter()
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        self._local.connection.execute("INSERT INTO state (id, cents) VALUES (?, ?)", (order, cents))
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.ended.set()

    def figure(self) -> dict[str, float]:
        """How many were handled a second, once all are."""
        assert self.ended.wait(120)
        took = time.perf_counter() - self.began
        found = self._connect().execute("SELECT count(*), count(DISTINCT id) FROM state").fetchone()
        assert found == (self.count, self.count), found
        return {"handled": self.count / took}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=60, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def huey(place: str, count: int) -> dict[str, float]:
    """Huey: a row is deleted before its handler runs."""
    module = importlib.import_module("huey")
    consumer_options = importlib.import_module("huey.consumer")
    logging.disable(logging.INFO)
    state = State(Path(place) / "huey.db", count)
    queue = module.SqliteHuey("orders", filename=str(Path(place) / "huey.db"), fsync=True, results=False)

    @queue.task()  # type: ignore[untyped-decorator]  # imported when it is there
    def place_order(order_id: str, customer: str, cents: int, note: str) -> None:
        del customer, note
        state.put(order_id, cents)

    for n in range(count):
        place_order(f"order-{n}", **BODY)
    consumer = consumer_options.Consumer(queue, workers=WORKERS, periodic=False)
    consumer.start()
    figure = state.figure()
    consumer.stop()
    return figure


def litequeue(place: str, count: int) -> dict[str, float]:
    """litequeue: a message is marked done after its handler."""
    module = importlib.import_module("litequeue")
    path = str(Path(place) / "litequeue.db")
    state = State(Path(path), count)

    def opened() -> object:
        found = module.LiteQueue(path, timeout=60)
        found.conn.execute("PRAGMA synchronous = FULL")
        return found

    queue = opened()
    for n in range(count):
        queue.put(json.dumps({"order_id": f"order-{n}", **BODY}))  # type: ignore[attr-defined]  # imported when it is there

    def work() -> None:
        mine = opened()
        while (message := mine.pop()) is not None:  # type: ignore[attr-defined]  # as above
            order = json.loads(message.data)
            state.put(order["order_id"], order["cents"])
            mine.done(message.message_id)  # type: ignore[attr-defined]  # as above

    return _in_threads(work, state)


def persist_queue(place: str, count: int) -> dict[str, float]:
    """persist-queue: a message is acknowledged after its handler."""
    module = importlib.import_module("persistqueue")
    queue = module.SQLiteAckQueue(str(Path(place) / "queue"), multithreading=True, auto_commit=True)
    state = State(Path(place) / "queue" / "data.db", count)
    for n in range(count):
        queue.put({"order_id": f"order-{n}", **BODY})

    def work() -> None:
        while True:
            try:
                order = queue.get(block=False)
            except module.exceptions.Empty:
                return
            state.put(order["order_id"], order["cents"])
            queue.ack(order)

    return _in_threads(work, state)


def _in_threads(work: Callable[[], None], state: State) -> dict[str, float]:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    figure = state.figure()
    for thread in threads:
        thread.join(60)
    return figure
