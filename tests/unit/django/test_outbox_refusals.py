"""Where nothing could commit with the messages, the outbox refuses, and says what to write instead."""

import asyncio

import pytest
from django.db import connection, connections, transaction
from django_site import found, said, write

from tense import App, DuplicateIdError
from tense.errors import NotSupportedError, StoreUnusableError, WorkflowError
from words import Notify, OrderPlaced, publisher


def place(app: App, name: str) -> None:
    with app.outbox(connection) as out:
        write(name)
        out.publish(OrderPlaced(order_id=name))


def test_outside_of_a_block_it_refuses_before_anything_is_written(app: App) -> None:
    with pytest.raises(WorkflowError, match=r"with transaction.atomic\(\), app.outbox\(connection\) as out"):
        place(app, "alone")

    assert found("rows", "name") == []


def test_the_wrong_order_is_refused_before_anything_is_written(app: App) -> None:
    with pytest.raises(WorkflowError, match="in this order"), app.outbox(connection) as out, transaction.atomic():
        write("alone")
        out.publish(OrderPlaced(order_id="alone"))

    assert found("rows", "name") == []


def test_a_block_that_is_over_at_the_end_is_refused(app: App) -> None:
    with transaction.atomic():
        out = app.outbox(connection)

    with pytest.raises(WorkflowError), out:
        out.publish(OrderPlaced(order_id="late"))

    assert said() == []


def test_the_block_that_a_test_case_opens_is_none(app: App) -> None:
    around = transaction.atomic()
    around._from_testcase = True

    with around:
        with pytest.raises(WorkflowError):
            place(app, "forgotten")
        with transaction.atomic():
            place(app, "thought of")

        assert said() == ["thought of"]


def test_an_id_that_was_used_with_another_body_is_refused(app: App) -> None:
    def send(text: str) -> None:
        with transaction.atomic(), app.outbox(connection) as out:
            out.send(Notify(text=text), id="the-same")

    send("a")
    send("a")
    with pytest.raises(DuplicateIdError):
        send("b")

    assert len(found("command", "id")) == 1


def test_a_database_without_our_tables_is_told_how_to_get_them(store: str) -> None:
    app = App(publisher(), store=store)

    with transaction.atomic(), pytest.raises(StoreUnusableError, match=r"manage.py migrate"):
        with app.outbox(connection) as out:
            out.publish(OrderPlaced(order_id="a"))
        pytest.fail("it was written nowhere")  # a failed statement ends the block on PostgreSQL; nothing follows it


def test_a_database_of_another_kind_is_refused(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(connections["default"]), "vendor", "mysql")

    with transaction.atomic(), pytest.raises(NotSupportedError, match="sqlite3 and psycopg 3"):
        app.outbox(connection)


def test_with_a_loop_it_says_what_to_do_instead(app: App) -> None:
    async def view() -> None:
        with pytest.raises(NotSupportedError, match="sync_to_async"):
            async with app.outbox(connection):
                pytest.fail("it was entered")
        with pytest.raises(NotSupportedError, match="sync_to_async"):
            app.outbox(connection)

    asyncio.run(view())


def test_a_block_in_a_thread_is_not_awaited_either(app: App) -> None:
    with transaction.atomic():
        out = app.outbox(connection)

        async def enter() -> None:
            async with out:
                out.publish(OrderPlaced(order_id="a"))

        with pytest.raises(NotSupportedError, match="sync_to_async"):
            asyncio.run(enter())

    assert said() == []
