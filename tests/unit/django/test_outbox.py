"""What is said within `transaction.atomic()` leaves with it, and what is rolled back was never said."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.base import BaseHandler
from django.db import connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django_site import databases, described, forget, found, said, write

from tense import App
from tense.adapters.stores.sqlite.wake import folder_for
from tense.errors import WorkflowError
from words import Log, Notify, OrderPlaced, publisher, subscriber


def place(app: App, name: str) -> None:
    with app.outbox(connection) as out:
        write(name)
        out.publish(OrderPlaced(order_id=name))


def test_what_is_committed_was_said_and_what_is_rolled_back_was_not(app: App) -> None:
    with transaction.atomic():
        place(app, "kept")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        place(app, "undone")
        raise ZeroDivisionError

    assert (found("rows", "name"), said()) == (["kept"], ["kept"])


def test_an_exception_that_leaves_the_outbox_writes_nothing(app: App) -> None:
    with transaction.atomic(), pytest.raises(ZeroDivisionError), app.outbox(connection) as out:
        out.publish(OrderPlaced(order_id="undone"))
        raise ZeroDivisionError

    assert said() == []


def test_commands_are_sent_too_and_a_durable_block_is_one_more(app: App) -> None:
    with transaction.atomic(durable=True), app.outbox(connection) as out:
        out.publish(OrderPlaced(order_id="a"))
        command = out.send(Notify(text="b"))

    assert (said(), found("command", "id")) == (["a"], [command])


def test_a_nested_block_takes_along_what_it_said(app: App) -> None:
    with transaction.atomic():
        place(app, "outer")
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            place(app, "inner")
            raise ZeroDivisionError
        with transaction.atomic():
            place(app, "other")

    assert (found("rows", "name"), said()) == (["other", "outer"], ["other", "outer"])


def test_an_outbox_around_a_nested_block_says_nothing_of_what_is_undone(app: App) -> None:
    with transaction.atomic(), app.outbox(connection) as out:
        out.publish(OrderPlaced(order_id="before"))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            out.publish(OrderPlaced(order_id="undone"))
            with transaction.atomic():
                out.publish(OrderPlaced(order_id="deeper"))
            raise ZeroDivisionError
        with transaction.atomic():
            out.publish(OrderPlaced(order_id="inner"))
        out.publish(OrderPlaced(order_id="later"))

    assert said() == ["before", "inner", "later"]


def test_the_outer_block_undoes_what_inner_ones_said(app: App) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with transaction.atomic():
            place(app, "inner")
        raise ZeroDivisionError

    assert (found("rows", "name"), said()) == ([], [])


def test_a_block_that_is_bound_to_be_rolled_back_takes_nothing(app: App) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(savepoint=False):
            raise ZeroDivisionError
        with pytest.raises(TransactionManagementError), app.outbox(connection) as out:
            out.publish(OrderPlaced(order_id="undone"))

    assert said() == []


def test_a_transaction_that_is_managed_by_hand_is_joined(app: App) -> None:
    transaction.set_autocommit(False)
    try:
        place(app, "undone")
        transaction.rollback()
        place(app, "kept")
        transaction.commit()
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)

    assert (found("rows", "name"), said()) == (["kept"], ["kept"])


@pytest.mark.parametrize("fails", [False, True])
def test_a_request_may_be_the_block(app: App, fails: bool) -> None:
    def view() -> None:
        place(app, "asked for")
        if fails:
            raise ZeroDivisionError

    connection.settings_dict["ATOMIC_REQUESTS"] = True
    request_of_django = BaseHandler().make_view_atomic(view)
    with nullcontext() if not fails else pytest.raises(ZeroDivisionError):
        request_of_django()

    assert said() == ([] if fails else ["asked for"])


def test_any_alias_may_be_joined(store: str) -> None:
    with databases(default=described("sqlite:///:memory:"), orders=described(store)):
        app = App(publisher(), store=store)
        asyncio.run(_open(app))

        with transaction.atomic(using="orders"), app.outbox(connections["orders"]) as out:
            out.publish(OrderPlaced(order_id="there"))
        with transaction.atomic(using="orders"), pytest.raises(WorkflowError, match="the database 'default' has none"):
            app.outbox(connection)
        with transaction.atomic(), pytest.raises(WorkflowError, match=r"using='orders'.*connections\['orders'\]"):
            app.outbox(connections["orders"])

        with connections["orders"].cursor() as cursor:
            cursor.execute(f"SELECT key FROM {'tense_log' if 'sqlite' in store else 'log'}")
            assert cursor.fetchall() == [("there",)]


def test_a_view_that_is_awaited_reaches_it_in_a_thread(store: str) -> None:
    log = Log()
    app = App(publisher(), subscriber("email", log), store=store)

    def placed() -> None:
        try:
            with transaction.atomic(), app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="a"))
        finally:
            forget()

    async def view() -> None:
        async with app.running():
            await sync_to_async(placed)()
            await until(lambda: bool(log))

    asyncio.run(view())

    assert log == ["a.0"]


def test_workers_on_the_same_file_are_woken_by_the_commit_and_not_before(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/shop.db"
    app = App(publisher(), store=address)
    asyncio.run(_open(app))
    folder = folder_for(tmp_path / "shop.db")
    folder.mkdir(mode=0o700, exist_ok=True)

    with databases(default=described(address)), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        worker.bind(str(folder / "worker.sock"))
        worker.settimeout(0)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="undone"))
            raise ZeroDivisionError
        with transaction.atomic():
            with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="kept"))
            with pytest.raises(BlockingIOError):
                worker.recv(16)
        worker.settimeout(5)

        assert worker.recv(16) == b""


async def _open(app: App) -> None:
    async with app.client():
        pass


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("not within 10 s")
