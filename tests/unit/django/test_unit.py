"""What a handler writes with the ORM commits with its mark, outcome and messages, or not at all."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django_site import databases, described, found, write

from tense import App, Client, CommandFailed, Contract, Metadata, Publish, Rejection, Service, Transaction
from tense.django.unit import DjangoUnit
from tense.errors import ProvisionError, StoreUnusableError
from tense.runtime.engine import Seams
from tense.runtime.replay import Replay
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn
from words import FEW, Log, OrderPlaced, OutOfStock, PlaceOrder, Receipt, orders, subscriber

Body = Callable[[PlaceOrder, Publish[OrderPlaced], Metadata], Receipt | OutOfStock]


def placing(body: Body, **options: object) -> Service:
    """Orders that are placed by a plain function."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=FEW, **options)  # type: ignore[arg-type]
    def place(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt | OutOfStock:
        return body(command, publish, about)

    return service


@asynccontextmanager
async def running(store: str, *services: Service) -> AsyncIterator[Client]:
    async with App(*services, store=store, unit_of_work=DjangoUnit()).running() as client:
        yield client


def ask(store: str, body: Body, *ids: str, **options: object) -> list[object]:
    """The outcomes of placing these orders; a failure stands for itself."""

    async def asking() -> list[object]:
        async with running(store, placing(body, **options)) as client:
            work = (client.outcome(PlaceOrder(order_id=name), id=name, timeout=20) for name in ids)
            return await asyncio.gather(*work, return_exceptions=True)

    return asyncio.run(asking())


def keep(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
    write(command.order_id)
    publish(OrderPlaced(order_id=command.order_id))
    return Receipt(order_id=command.order_id)


def test_rows_messages_and_outcome_commit_together(app: App, store: str) -> None:
    outcomes = ask(store, keep, *(f"order-{number:02}" for number in range(20)))

    names = sorted(outcome.order_id for outcome in outcomes)
    assert found("rows", "name") == found("log", "key") == names == [f"order-{number:02}" for number in range(20)]


def test_a_handler_that_fails_leaves_nothing_and_is_tried_again(app: App, store: str) -> None:
    attempts: list[int] = []

    def fail_twice(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        receipt = keep(command, publish, about)
        attempts.append(about.attempt)
        if about.attempt < 3:
            raise ConnectionError
        return receipt

    assert ask(store, fail_twice, "a") == [Receipt(order_id="a")]

    assert attempts == [1, 2, 3]
    assert (found("rows", "name"), found("log", "key")) == (["a"], ["a"])


def test_a_refusal_that_is_raised_undoes_and_one_that_is_returned_keeps(
    app: App, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> OutOfStock:
        keep(command, publish, about)
        if command.order_id == "raised":
            raise OutOfStock(sku="tea")
        return OutOfStock(sku="tea")

    outcomes = ask(store, refuse, "raised", "returned")

    assert all(isinstance(outcome, Rejection) for outcome in outcomes)
    assert (found("rows", "name"), found("log", "key")) == (["returned"], ["returned"])
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_what_the_database_refuses_is_a_failure_of_the_handler(app: App, store: str) -> None:
    def twice(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        write("the same")
        return keep(command, publish, about)

    outcomes = ask(store, twice, "a", "b")

    assert sum(isinstance(outcome, CommandFailed) for outcome in outcomes) == 1
    assert len(found("rows", "name")) == 2
    assert "UNIQUE" in (error := found("dead", "error")[0]).upper()
    assert "IntegrityError" in error


def test_a_block_that_is_bound_to_be_rolled_back_does_not_pass_for_success(app: App, store: str) -> None:
    def swallow(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        receipt = keep(command, publish, about)
        try:
            with transaction.atomic(savepoint=False):
                write("a")
        except IntegrityError:
            return receipt

    (outcome,) = ask(store, swallow, "a")

    assert isinstance(outcome, CommandFailed)
    assert "savepoint" in found("dead", "error")[0]
    assert (found("rows", "name"), found("log", "key")) == ([], [])


def test_a_nested_block_is_undone_on_its_own_and_an_outbox_joins(app: App, store: str) -> None:
    def nested(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        with pytest.raises(IntegrityError), transaction.atomic():
            write("twice")
            write("twice")
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic(durable=True):
            write("never")
        with app.outbox(connection) as out:
            out.publish(OrderPlaced(order_id="said in between"))
        return keep(command, publish, about)

    assert ask(store, nested, "a") == [Receipt(order_id="a")]

    assert (found("rows", "name"), found("log", "key")) == (["a"], ["a", "said in between"])


def test_what_is_to_be_done_on_commit_is_done_once_and_may_fail(
    app: App, store: str, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def hooked(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        transaction.on_commit(lambda: done.append(f"{about.attempt}: {found('rows', 'name')}"))
        transaction.on_commit(lambda: 1 / 0)
        receipt = keep(command, publish, about)
        if about.attempt == 1:
            raise ConnectionError
        return receipt

    with caplog.at_level(logging.ERROR, logger="tense"):
        assert ask(store, hooked, "a") == [Receipt(order_id="a")]

    assert done == ["2: ['a']"]
    assert "the message is handled" in caplog.text


def test_a_worker_that_lost_its_lane_cannot_commit(app: App, store: str) -> None:
    lane = "tense_lane" if store.startswith("sqlite") else "lane"
    attempts: list[int] = []

    def lose(command: PlaceOrder, publish: Publish[OrderPlaced], about: Metadata) -> Receipt:
        attempts.append(about.attempt)
        write(f"attempt {len(attempts)}")
        if len(attempts) == 1:
            # As if another worker had taken it; what stands in this transaction is undone with it.
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {lane} SET token = token + 1000")
        return Receipt(order_id=command.order_id)

    assert ask(store, lose, "a") == [Receipt(order_id="a")]

    assert len(attempts) == 2
    assert found("rows", "name") == ["attempt 2"]


def test_an_async_handler_has_the_same_transaction_if_it_asks(app: App, store: str) -> None:
    service, log = Service(orders), Log()

    @service.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder, db: Transaction, publish: Publish[OrderPlaced]) -> Receipt:
        await db.execute("INSERT INTO rows VALUES (:name)", name=command.order_id)
        with pytest.raises(ZeroDivisionError):
            async with db.begin():
                await db.execute_many("INSERT INTO rows VALUES (:name)", [{"name": "x"}, {"name": "y"}])
                raise ZeroDivisionError
        publish(OrderPlaced(order_id=command.order_id, number=await db.fetch_value("SELECT count(*) FROM rows")))
        assert await db.fetch_all("SELECT name FROM rows WHERE name = :name", name=command.order_id)
        if command.order_id == "b":
            raise OutOfStock(sku="tea")
        return Receipt(order_id=command.order_id)

    async def asking() -> None:
        async with running(store, service, subscriber("email", log)) as client:
            assert await client.execute(PlaceOrder(order_id="a")) == Receipt(order_id="a")
            assert isinstance(await client.outcome(PlaceOrder(order_id="b")), OutOfStock)
            async with asyncio.timeout(20):
                while not log:
                    await asyncio.sleep(0.01)

    asyncio.run(asking())

    assert (found("rows", "name"), log) == (["a"], ["a.1"])


def test_a_replay_runs_in_the_orms_transactions_too(app: App, store: str) -> None:
    service = Service(Contract("mirror"))
    times: list[str] = []

    @service.subscribes(OrderPlaced, from_start=True)
    def mirror(event: OrderPlaced) -> None:
        times.append(event.order_id)
        write(f"{event.order_id} {len(times)}")

    async def run() -> None:
        seams = Seams(SystemClock(), SystemChance(), SystemSpawn())
        mirrored = App(placing(keep), service, store=store, unit_of_work=DjangoUnit())
        engine = mirrored.engine(store, seams)
        await engine.start(("orders", "mirror"))
        try:
            await engine.client.execute(PlaceOrder(order_id="a"))
            async with asyncio.timeout(20):
                while (await engine.store.lags())[0].waiting or not times:
                    await asyncio.sleep(0.01)
            report = await Replay(mirrored, engine.store, seams).run("mirror<orders.order")
        finally:
            await engine.stop()
        assert (report.handled, report.failed) == (1, 0)

    asyncio.run(run())

    assert found("rows", "name") == ["a", "a 1", "a 2"]


def test_a_store_in_another_file_is_refused_at_the_start(tmp_path: Path) -> None:
    async def start() -> None:
        async with running(f"sqlite:///{tmp_path}/store.db", placing(keep)):
            pytest.fail("it started")

    here = databases(default=described(f"sqlite:///{tmp_path}/django.db"))
    with here, pytest.raises(StoreUnusableError, match="Give both the same one"):
        asyncio.run(start())


def test_a_handler_cannot_ask_for_what_the_orm_has_by_itself(store: str) -> None:
    import sqlite3

    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, db: sqlite3.Connection) -> Receipt:
        return Receipt(order_id="a")

    with pytest.raises(ProvisionError, match="transaction of Django's ORM"):
        App(service, store=store, unit_of_work=DjangoUnit())
