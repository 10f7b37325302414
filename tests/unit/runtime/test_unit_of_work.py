"""Promise 3: all or nothing. Promise 2: effects count once. The rules of turns."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from stores import BROKEN_RULE, MISSING_TABLE, WITH_TURNS, Run
from tense import App, Client, Metadata, Publish, Send, Service, Snapshot, Transaction
from words import (
    FEW,
    Log,
    Notify,
    OrderPlaced,
    OutOfStock,
    PlaceOrder,
    Receipt,
    notes,
    orders,
    subscriber,
)

TABLE = "CREATE TABLE IF NOT EXISTS rows (text TEXT UNIQUE)"


def writing(log: Log) -> Service:
    """Writes, publishes and sends; then ends as its text says."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=FEW)
    async def place(
        command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced], send: Send[Notify]
    ) -> Receipt | OutOfStock:
        await db.execute(TABLE)
        await db.execute("INSERT INTO rows VALUES (:text)", text=command.order_id)
        publish(OrderPlaced(order_id=command.order_id))
        send(Notify(text=command.order_id))
        log.note(command.order_id)
        if command.order_id == "raised":
            raise OutOfStock(sku="book")
        if command.order_id == "returned":
            return OutOfStock(sku="book")
        return Receipt(order_id=command.order_id)

    return service


def noting(log: Log) -> Service:
    """Does what is sent."""
    service = Service(notes)

    @service.handles(Notify, retry=FEW)
    async def notify(command: Notify) -> None:
        log.note(f"notified {command.text}")

    return service


async def rows(h) -> list[str]:
    snapshot = h.engine.store.snapshot()
    try:
        return sorted(row[0] for row in await snapshot.fetch_all("SELECT text FROM rows"))
    except MISSING_TABLE:
        return []


@pytest.mark.parametrize(
    ("ending", "kept"),
    [("done", True), ("returned", True), ("raised", False), ("failing", False)],
)
async def test_rows_events_and_commands_commit_together_or_not_at_all(run: Run, ending: str, kept: bool) -> None:
    log, heard = Log(), Log()
    log.failing = {"failing"}
    async with run(App(writing(log), noting(log), subscriber("email", heard))) as h:
        await h.client.send(PlaceOrder(order_id=ending))
        await h.idle()
        for _ in range(3):
            await h.later(1)

        assert await rows(h) == ([ending] if kept else [])
        assert heard == ([f"{ending}.0"] if kept else [])
        assert (f"notified {ending}" in log) is kept


async def test_a_retry_after_a_failure_leaves_each_effect_once(run: Run) -> None:
    log, heard = Log(), Log()
    log.failing = {"a"}
    async with run(App(writing(log), noting(log), subscriber("email", heard))) as h:
        await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
        log.failing = set()
        await h.later(1)

        assert await rows(h) == ["a"]
        assert heard == ["a.0"]
        assert log == ["a", "a", "notified a"]


async def test_a_part_can_be_undone_on_its_own(run: Run) -> None:
    service = Service(notes)

    @service.handles(Notify)
    async def try_both(command: Notify, db: Transaction) -> None:
        await db.execute(TABLE)
        await db.execute("INSERT INTO rows VALUES ('kept')")
        with pytest.raises(BROKEN_RULE):
            async with db.begin():
                await db.execute("INSERT INTO rows VALUES ('undone')")
                await db.execute("INSERT INTO rows VALUES ('kept')")

    async with run(App(service)) as h:
        await h.client.execute(Notify(text="x"))

        assert await rows(h) == ["kept"]


async def test_a_port_that_outlives_its_handler_refuses_to_speak(run: Run) -> None:
    kept: list[Publish[OrderPlaced]] = []
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def leak(command: PlaceOrder, publish: Publish[OrderPlaced]) -> Receipt:
        kept.append(publish)
        return Receipt(order_id=command.order_id)

    async with run(App(service)) as h:
        await h.client.execute(PlaceOrder(order_id="x"))

        with pytest.raises(Exception, match="after the handler ended"):
            kept[0](OrderPlaced(order_id="late"))


async def test_a_transaction_that_outlives_its_handler_refuses_to_work(run: Run) -> None:
    kept: list[Transaction] = []
    service = Service(notes)

    @service.handles(Notify)
    async def leak(command: Notify, db: Transaction) -> None:
        await db.execute(TABLE)
        kept.append(db)

    async with run(App(service)) as h:
        await h.client.execute(Notify(text="x"))

        with pytest.raises(Exception, match="after the handler ended"):
            await kept[0].execute("INSERT INTO rows VALUES ('late')")


@pytest.mark.parametrize("run", WITH_TURNS, indirect=True)
async def test_a_plain_def_handler_works_with_the_drivers_own_connection(run: Run) -> None:
    service = Service(orders)

    @service.handles(PlaceOrder)
    def place(command: PlaceOrder, connection: sqlite3.Connection, publish: Publish[OrderPlaced]) -> Receipt:
        connection.execute(TABLE)
        connection.execute("INSERT INTO rows VALUES (?)", (command.order_id,))
        publish(OrderPlaced(order_id=command.order_id))
        return Receipt(order_id=command.order_id)

    heard = Log()
    async with run(App(service, subscriber("email", heard))) as h:
        await h.client.execute(PlaceOrder(order_id="a"))
        await h.idle()

        assert await rows(h) == ["a"]
        assert heard == ["a.0"]


async def test_a_snapshot_reads_what_is_committed_and_cannot_write(run: Run, request: pytest.FixtureRequest) -> None:
    if "sqlite" not in request.node.name:
        return
    service = Service(notes)
    seen: list[object] = []

    @service.handles(Notify)
    async def look(command: Notify, past: Snapshot) -> None:
        with pytest.raises(sqlite3.OperationalError):
            await past.fetch_all("CREATE TABLE nothing (x)")
        seen.append(await past.fetch_value("SELECT count(*) FROM tense_command"))

    async with run(App(service)) as h:
        await h.client.execute(Notify(text="x"))

        assert seen == [1]


def test_an_outbox_joins_the_users_open_transaction(tmp_path: Path) -> None:
    heard = Log()
    app = App(
        writing(Log()),
        noting(Log()),
        subscriber("email", heard, from_start=True),
        store=f"sqlite:///{tmp_path}/shop.db",
    )

    async def make_tables() -> None:
        async with app.running():
            pass

    asyncio.run(make_tables())
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(TABLE)
    connection.execute("INSERT INTO rows VALUES ('kept')")
    with app.outbox(connection) as out:
        out.publish(OrderPlaced(order_id="kept"))
    connection.commit()
    connection.execute("INSERT INTO rows VALUES ('undone')")
    with app.outbox(connection) as out:
        out.publish(OrderPlaced(order_id="undone"))
    connection.rollback()
    connection.close()

    async def hear(client: Client) -> None:
        for _ in range(200):
            if heard:
                return
            await asyncio.sleep(0.01)

    async def again() -> None:
        async with app.running() as client:
            await hear(client)

    asyncio.run(again())
    assert heard == ["kept.0"]


async def test_a_turn_that_is_kept_too_long_is_taken_away(tmp_path: Path) -> None:
    from tense.testing.harness import harness

    service = Service(notes)
    entered = asyncio.Event()
    attempts: list[int] = []

    @service.handles(Notify, retry=FEW, timeout=None)
    async def dawdle(command: Notify, db: Transaction, about: Metadata) -> None:
        await db.execute(TABLE)
        await db.execute("INSERT INTO rows VALUES (:text)", text=f"attempt {about.attempt}")
        attempts.append(about.attempt)
        if about.attempt == 1:
            entered.set()
            await asyncio.Event().wait()

    async with harness(App(service), store=f"sqlite:///{tmp_path}/test.db") as h:
        ticket = await h.client.send(Notify(text="x"))
        await entered.wait()
        for _ in range(8):
            await h.clock.wind(1)
        await h.idle()

        assert await ticket.result() is None
        assert attempts == [1, 2]
        assert await rows(h) == ["attempt 2"]
        assert "turn" in str(await h.engine.store.snapshot().fetch_value("SELECT error FROM tense_command"))
