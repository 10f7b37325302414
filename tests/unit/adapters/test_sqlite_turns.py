"""What may go wrong between two turns on one file, and must not be noticed by anybody."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from tense import App, Command, Contract, Event, Retry, Service, Transaction
from tense.adapters.stores.sqlite import transactions
from tense.adapters.stores.sqlite.retention import Retention, prune
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.errors import StoreError
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import INBOX, LANES, LEASE, Bench, subscription
from tense.testing.harness import harness

orders, stocks = Contract("orders"), Contract("stocks")


class CountStock(Command[str], owner=orders, key="shelf"):
    shelf: str


class StockCounted(Event, owner=stocks, key="shelf"):
    shelf: str


def at(folder: Path) -> str:
    return f"sqlite:///{folder}/shop.db"


async def test_a_command_after_everything_was_forgotten_is_handled(tmp_path: Path) -> None:
    service = Service(orders)

    @service.handles(CountStock)
    async def count(command: CountStock) -> str:
        return command.shelf

    async with harness(App(service), store=at(tmp_path)) as h:
        for _ in range(3):
            await h.client.execute(CountStock(shelf="a"))
        core = h.engine.store.core
        await core.writer.submit(
            lambda connection: prune(connection, Retention(outcomes=timedelta(days=1)), h.clock.now() + 200_000)
        )

        answer = await asyncio.wait_for(h.client.execute(CountStock(shelf="a")), 5)

        assert answer == "a"


async def test_a_timer_that_is_due_does_not_hide_the_backlog_before_it(tmp_path: Path) -> None:
    handled: list[str] = []
    go = asyncio.Event()
    service = Service(orders, concurrency=1)

    @service.handles(CountStock)
    async def count(command: CountStock) -> str:
        if command.shelf == "shelf 30":
            await go.wait()
        handled.append(command.shelf)
        return ""

    async with harness(App(service, lanes=1), store=at(tmp_path)) as h:
        sent = [h.client.send(CountStock(shelf=f"shelf {number}")) for number in range(600)]
        await asyncio.gather(*sent)
        await h.client.send(CountStock(shelf="timer"), after=timedelta(seconds=1))
        h.clock.advance(2)
        go.set()
        await h.idle()

        assert sorted(handled) == sorted([*(f"shelf {number}" for number in range(600)), "timer"])


async def test_a_command_that_runs_again_is_not_cancelled_and_keeps_its_own_outcome(tmp_path: Path) -> None:
    starts: list[int] = []
    running, go = asyncio.Event(), asyncio.Event()
    service = Service(orders)

    @service.handles(CountStock, retry=Retry(first=timedelta(milliseconds=1)))
    async def count(command: CountStock) -> str:
        starts.append(1)
        if len(starts) == 1:
            raise OSError(command.shelf)
        running.set()
        await go.wait()
        return "counted"

    async with App(service).running(store=at(tmp_path)) as client:
        ticket = await client.send(CountStock(shelf="a"))
        await running.wait()

        cancelled = await ticket.cancel()

        go.set()
        assert (cancelled, await ticket.outcome(timeout=5)) == (False, "counted")


async def test_what_a_full_disk_undid_runs_again_and_counts_once(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "shop.db")
    failures: list[str] = []
    service = Service(orders, concurrency=8)

    @service.handles(CountStock, retry=Retry(attempts=1000, first=timedelta(milliseconds=1)))
    async def count(command: CountStock, db: Transaction) -> str:
        try:
            await db.execute("CREATE TABLE IF NOT EXISTS shelf (name, filling)")
            await db.execute("INSERT INTO shelf VALUES (:name, :filling)", name=command.shelf, filling="x" * 3000)
        except sqlite3.OperationalError as error:
            failures.append(str(error))
            room = 1_000_000 if len(failures) == 3 else 0
            store.core.connection.execute(f"PRAGMA max_page_count = {room}")
            raise
        return "counted"

    async with App(service, store=store, lease=1).running() as client:
        await client.execute(CountStock(shelf="first"))
        tickets = [
            await client.send(CountStock(shelf=f"shelf {number}"), after=timedelta(milliseconds=300))
            for number in range(30)
        ]
        connection = store.core.connection
        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').fetchone()[0] + 12}")

        answers = [await ticket.outcome(timeout=20) for ticket in tickets]

        rows = connection.execute("SELECT count(*), count(DISTINCT name) FROM shelf").fetchone()
    assert "full" in failures[0]
    assert answers == ["counted"] * 30
    assert rows == (31, 31)


async def test_a_retried_event_is_not_handed_out_twice_when_another_lane_is_lost(tmp_path: Path) -> None:
    starts: list[str] = []
    running, go = asyncio.Event(), asyncio.Event()
    store = SqliteStore(tmp_path / "shop.db")
    mailing = Service(Contract("mailing"))

    @mailing.subscribes(StockCounted, retry=Retry(first=timedelta(milliseconds=1)))
    async def tell(event: StockCounted) -> None:
        starts.append(event.shelf)
        if len(starts) == 1:
            raise OSError(event.shelf)
        running.set()
        await go.wait()

    async with App(Service(stocks), mailing, store=store, lease=1).running() as client:
        await client.publish(StockCounted(shelf="a"))
        await running.wait()
        core = store.core
        used = next(iter(core.taken["mailing<stocks.shelf"].values()))
        other = next(lease for (name, lane), lease in core.leases.items() if "<" in name and lane != used)

        core.lose(other)
        while other in core.leases.values():
            await asyncio.sleep(0)
        go.set()
        await store.settled()
        await client.publish(StockCounted(shelf="b"))
        while "b" not in starts:
            await asyncio.sleep(0)

    assert starts == ["a", "a", "b"]


async def test_what_was_only_handed_out_when_its_lane_was_lost_still_has_its_one_attempt(tmp_path: Path) -> None:
    first, go = asyncio.Event(), asyncio.Event()
    store = SqliteStore(tmp_path / "shop.db")
    service = Service(orders, concurrency=1)

    @service.handles(CountStock, retry=Retry(attempts=1))
    async def count(command: CountStock) -> str:
        first.set()
        await go.wait()
        return f"counted {command.shelf}"

    async with App(service, store=store, lanes=1, lease=1).running() as client:
        tickets = [await client.send(CountStock(shelf=f"shelf {number}")) for number in range(5)]
        await first.wait()
        await store.settled()

        store.core.lose(store.core.leases["orders", 0])
        go.set()

        answers = [await ticket.outcome(timeout=10) for ticket in tickets]
    assert answers == [f"counted shelf {number}" for number in range(5)]


async def test_a_lane_that_is_being_given_up_is_not_granted_at_the_same_time(tmp_path: Path) -> None:
    starts: list[str] = []
    running, go = asyncio.Event(), asyncio.Event()
    store = SqliteStore(tmp_path / "shop.db")
    mailing = Service(Contract("mailing"))

    @mailing.subscribes(StockCounted)
    async def tell(event: StockCounted) -> None:
        starts.append(event.shelf)
        running.set()
        await go.wait()

    app = App(Service(stocks), mailing, store=store, lanes=1)
    async with harness(app, store=store) as h:
        await h.client.publish(StockCounted(shelf="a"))
        await running.wait()
        loop = h.engine.worker.loops["mailing<stocks.shelf"]
        lease = loop.lanes[0].lease

        lane = loop.leave(lease)
        assert lane is not None
        giving = asyncio.ensure_future(loop.give(lane))
        await asyncio.sleep(0)
        loop.grant([lease])
        go.set()
        await giving
        await h.idle()

    assert starts == ["a"]


async def test_an_event_whose_settlement_met_a_locked_file_is_handled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.1)
    starts: list[str] = []
    running, go = asyncio.Event(), asyncio.Event()
    store = SqliteStore(tmp_path / "shop.db")
    mailing = Service(Contract("mailing"))

    @mailing.subscribes(StockCounted)
    async def tell(event: StockCounted) -> None:
        starts.append(event.shelf)
        running.set()
        await go.wait()

    async with App(Service(stocks), mailing, store=store, lanes=1, lease=1).running() as client:
        await client.publish(StockCounted(shelf="a"))
        await running.wait()
        await store.settled()
        lease = store.core.leases["mailing<stocks.shelf", 0]
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            go.set()
            while not lease.lost:
                await asyncio.sleep(0)
            other.execute("COMMIT")
        while len(starts) < 2:
            await asyncio.sleep(0)

    assert starts == ["a", "a"]


async def test_a_worker_whose_taking_of_lanes_was_undone_still_sees_that_its_own_are_taken(tmp_path: Path) -> None:
    clock, other = HandClock(), subscription("counting")
    north, south = (Bench(SqliteStore(tmp_path / "shop.db"), clock, name) for name in ("north", "south"))
    await north.open(INBOX)
    await south.open(other)
    await north.store.provision([other])
    await south.store.provision([INBOX])
    clock.advance(LEASE + 1)
    await north.live()
    north.store.core.writer._hooks.look()

    def failing(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with patch.object(transactions.Transactions, "commit_now", failing), pytest.raises(StoreError):
        await north.take(other)
    clock.advance(LEASE + 1)
    await south.live()
    taken = await south.take(INBOX)
    north.store.core.writer._hooks.look()

    assert len(taken) == LANES
    assert [said for said in north.notices.said if said[0] == "lost"] == [
        ("lost", "kit", lane) for lane in range(LANES)
    ]
    await north.close()
    await south.close()
