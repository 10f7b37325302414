"""Row 5: a backlog of a million messages is handled as fast as one of a thousand, in the same memory."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.children import ask, folder
from benchmarks.durable import Finish, app_of, fresh
from benchmarks.line import Line, amount
from benchmarks.memory import resident
from benchmarks.words import PlaceOrder
from tense.adapters.stores.sqlite.intake import insert
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer
from tense.ports.store import Want
from tense.rules.lanes import lane_of
from tense.runtime.system import SystemChance

SMALL = 1000
TOLERANCE = 0.2
MEGABYTES = 50
LANES = 64


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    large, windows, rounds = (100_000, 8, 3) if quick else (1_000_000, 20, 5)
    small: list[float] = []
    found: list[float] = []
    grown = 0.0
    with folder() as million:
        ask("benchmarks.backlog:prepare", place=str(million), backlog=large)
        for _ in range(rounds):
            for _ in range(5):
                with folder() as place:
                    ask("benchmarks.backlog:prepare", place=str(place), backlog=SMALL)
                    small += ask("benchmarks.backlog:measure", place=str(place), windows=1)["rates"]
            answer = ask("benchmarks.backlog:measure", place=str(million), windows=windows)
            found += answer["rates"]
            grown = max(grown, answer["grown"] / 1e6)
    ratio = median(found) / median(small)
    return [
        Line(
            row="backlog",
            work=f"handled from a backlog of {large:,}",
            tense=amount(median(found), "/s"),
            beside=f"of {SMALL:,}: {amount(median(small), '/s')}",
            ratio=ratio,
            bar=f">= {1 - TOLERANCE:g} x",
            met=ratio >= 1 - TOLERANCE,
            data={"large": found, "small": small},
        ),
        Line(
            row="backlog",
            work=f"memory grown over a backlog of {large:,}",
            tense=amount(grown, "MB"),
            beside=f"handled meanwhile: {windows * SMALL:,}, the most of {rounds} runs",
            bar=f"<= {MEGABYTES} MB",
            met=grown <= MEGABYTES,
            data={"grown": grown},
        ),
    ]


def prepare(place: str, backlog: int) -> None:
    """Make a file with so many commands waiting."""
    asyncio.run(_prepare(Path(place) / "backlog.db", backlog))


async def _prepare(path: Path, backlog: int) -> None:
    async with app_of(Finish(0), LANES, LANES).running(store=await fresh(path)):
        """The tables and lanes are made."""
    fill(path, backlog)


def measure(place: str, windows: int) -> dict[str, object]:
    """Messages handled a second, for each thousand; bytes by which the process has grown."""
    return asyncio.run(_measure(Path(place) / "backlog.db", windows))


async def _measure(path: Path, windows: int) -> dict[str, object]:
    finish = Windows(windows)
    app = app_of(finish, LANES, LANES)
    before = resident()
    async with app.running(store=Clocked(path, finish)) as client:
        await finish.done.wait()
        await client._store.settled()
        finish.close()
        grown = resident() - before
    return {"rates": finish.rates, "grown": grown}


class Clocked(SqliteStore):
    """Notes when the first claim is made: to claim is part of the work, and the first of a thousand takes half of them."""

    def __init__(self, path: Path, finish: Finish) -> None:
        super().__init__(path)
        self._finish = finish

    def claim(
        self, consumer: Consumer, wanted: Sequence[Want], limit: int
    ) -> "list[Delivery] | asyncio.Future[Sequence[Delivery]]":
        """The next deliveries of some lanes."""
        self._finish.began = self._finish.began or time.perf_counter()
        return super().claim(consumer, wanted, limit)


class Windows(Finish):
    """Notes when each thousand was handled; the rate of the first counts from the first claim on."""

    def __init__(self, windows: int) -> None:
        super().__init__(windows * SMALL)
        self.rates: list[float] = []

    def one(self) -> None:
        """One more."""
        if self.left <= 0:
            return
        super().one()
        if self.left % SMALL == 0 and self.left:
            self.close()

    def close(self) -> None:
        """A window ends."""
        now = time.perf_counter()
        self.rates.append(SMALL / (now - self.began))
        self.began = now


def fill(path: Path, backlog: int) -> None:
    """Write commands as the store itself would, in one transaction."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN IMMEDIATE")
    chance, encode, now = SystemChance(), msgspec.json.Encoder().encode, time.time()
    for n in range(backlog):
        metadata = Metadata(id=chance.new_id(), kind="command", type="orders.PlaceOrder", time=now)
        envelope = Envelope(metadata=metadata, body=encode(PlaceOrder(order_id=f"order-{n}")), service="orders")
        insert(connection, envelope, lane_of(metadata.id, LANES), now)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
