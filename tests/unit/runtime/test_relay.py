"""State in one store, messages in another: what a handler did and said is one, whatever goes away in between."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pairs import INSERT, SOON, TABLE, Two, pair_of, placed, selling, until

from tense import App, Client, Concluded, Contract, Event, Execute, Publish, Send, Service, Ticket, Transaction
from tense.errors import CommandCancelled, DuplicateIdError, NotSupportedError, StoreUnusableError, TenseWarning
from tense.runtime.load import open_store
from tense.runtime.relay import paired
from tense.runtime.replay import Replay, remembering
from words import ChargeCard, Declined, Log, OrderPlaced, OutOfStock, PlaceOrder, Receipt, orders, payment, subscriber


class OrderShipped(Event, owner=orders, key="order_id"):
    order_id: str


class OrderBilled(Event, owner=orders, key="order_id"):
    order_id: str


async def test_rows_stand_in_the_state_and_what_was_said_is_heard(two: Two) -> None:
    done, heard = Log(), Log()
    async with two.running(selling(done), subscriber("email", heard)) as client:
        receipt = await client.execute(PlaceOrder(order_id="a", number=3))
        refused = await client.outcome(PlaceOrder(order_id="none"))
        await until(lambda: len(heard) == 1)

        assert receipt == Receipt(order_id="a", total=3)
        assert isinstance(refused, OutOfStock)
        assert await placed(client) == [("a", 3)]
    assert heard == ["a.3"]


async def test_what_a_failed_attempt_wrote_and_said_was_never_there(two: Two) -> None:
    done, heard = Log(), Log()
    done.failing.add("a.1")
    async with two.running(selling(done), subscriber("email", heard)) as client:
        await client.send(PlaceOrder(order_id="a", number=1))
        await until(lambda: len(done) >= 2, lambda: done)
        done.failing.clear()
        await until(lambda: len(heard) == 1)
        await pair_of(client).settled()

        assert await placed(client) == [("a", 1)]
    assert heard == ["a.1"]


async def test_messages_of_a_key_arrive_in_the_order_in_which_they_were_said(two: Two) -> None:
    done, heard = Log(), Log()
    async with two.running(selling(done), subscriber("email", heard)) as client:
        for number in range(40):
            await client.send(PlaceOrder(order_id=f"k{number % 4}", number=number))
        await until(lambda: len(heard) == 40, lambda: len(heard))

    for key in range(4):
        assert [each for each in heard if each.startswith(f"k{key}.")] == [f"k{key}.{n}" for n in range(key, 40, 4)]


async def test_different_words_of_a_key_leave_in_the_order_in_which_they_were_said(two: Two) -> None:
    heard: list[str] = []
    service, email = Service(orders), Service(Contract("email"))

    @service.handles(PlaceOrder, retry=SOON)
    async def place(command: PlaceOrder, publish: Publish[OrderShipped | OrderPlaced | OrderBilled]) -> Receipt:
        publish(OrderShipped(order_id="a"))
        publish(OrderPlaced(order_id="a"))
        publish(OrderBilled(order_id="a"))
        publish(OrderShipped(order_id="a"))
        return Receipt(order_id="a")

    @email.subscribes(OrderShipped)
    async def shipped(event: OrderShipped) -> None:
        heard.append("shipped")

    @email.subscribes(OrderPlaced)
    async def was_placed(event: OrderPlaced) -> None:
        heard.append("placed")

    @email.subscribes(OrderBilled)
    async def billed(event: OrderBilled) -> None:
        heard.append("billed")

    async with two.running(service, email) as client:
        await client.execute(PlaceOrder(order_id="a"))
        await until(lambda: len(heard) == 4, lambda: heard)

    assert heard == ["shipped", "placed", "billed", "shipped"]


async def test_the_same_id_with_another_body_in_the_outbox_fails_the_handler(two: Two) -> None:
    service = Service(orders)

    @service.handles(PlaceOrder, retry=SOON)
    async def place(command: PlaceOrder, send: Send[ChargeCard]) -> Receipt:
        send(ChargeCard(order_id="one"), id="same")
        send(ChargeCard(order_id="two"), id="same")
        return Receipt(order_id=command.order_id)

    async with two.running(service) as client:
        with pytest.raises(Exception, match="with the id 'same' was accepted before") as caught:
            await client.execute(PlaceOrder(order_id="a"))

    assert "payment.ChargeCard" in str(caught.value)
    assert not isinstance(caught.value, DuplicateIdError)


async def test_executed_and_heard_commands_travel_through_the_transport(two: Two) -> None:
    heard: list[str] = []
    service, paying = Service(orders), Service(payment)

    @paying.handles(ChargeCard)
    async def charge(command: ChargeCard) -> str | Declined:
        return Declined() if command.order_id == "poor" else "paid"

    @service.handles(PlaceOrder, retry=SOON)
    async def place(
        command: PlaceOrder, charge: Execute[ChargeCard], send: Send[ChargeCard], db: Transaction
    ) -> Receipt:
        first = await charge(ChargeCard(order_id=command.order_id))
        await db.execute(TABLE)
        send(ChargeCard(order_id="poor"))
        return Receipt(order_id=first)

    @service.hears(ChargeCard)
    async def charged(done: Concluded[ChargeCard, str | Declined | Any]) -> None:
        heard.append(repr(done.outcome))

    async with two.running(service, paying) as client:
        receipt = await client.execute(PlaceOrder(order_id="rich"))
        await until(lambda: "Declined()" in heard, lambda: heard)

    assert receipt == Receipt(order_id="paid")


async def test_a_command_that_waits_can_be_cancelled(two: Two) -> None:
    async with two.running(selling(Log())) as client:
        ticket = await client.send(PlaceOrder(order_id="a"), after=timedelta(hours=1))

        assert await ticket.cancel()
        with pytest.raises(CommandCancelled):
            await ticket.result()


async def test_of_commands_that_are_cancelled_while_they_run_those_have_effects_that_were_too_late(two: Two) -> None:
    async with two.running(selling(Log())) as client:
        await client.execute(PlaceOrder(order_id="first"))
        tickets = [client.ticket(PlaceOrder, f"{n}") for n in range(40)]

        async def at_once(number: int) -> bool:
            order, soon = PlaceOrder(order_id=f"k{number % 4}", number=number), timedelta(milliseconds=number)
            await client.send(order, id=f"{number}", after=soon)
            return await tickets[number].cancel()

        answers = await asyncio.gather(*map(at_once, range(40)))
        ends = [await _is_cancelled(ticket) for ticket in tickets]
        await pair_of(client).settled()
        numbers = sorted(number for order_id, number in await placed(client) if order_id != "first")

    assert ends == answers
    assert numbers == [number for number, cancelled in enumerate(ends) if not cancelled]


async def _is_cancelled(ticket: Ticket[Any, Any]) -> bool:
    try:
        await ticket.result()
    except CommandCancelled:
        return True
    return False


async def test_a_subscription_is_replayed_into_the_state(two: Two) -> None:
    heard, rows = Log(), "SELECT count(*) FROM placed"
    service = Service(Contract("email"))

    @service.subscribes(OrderPlaced)
    async def hear(event: OrderPlaced, db: Transaction) -> None:
        await db.execute(TABLE)
        await db.execute(INSERT, order_id=event.order_id, number=event.number)
        heard.note(event.order_id)

    app = App(selling(Log()), service)
    async with app.running(store=two.state, broker=two.broker) as client:
        if not hasattr(two.broker, "history"):
            with pytest.raises(NotSupportedError):
                await Replay(app, remembering(pair_of(client)), _seams(client)).run("email<orders.order")
            return
        for number in range(3):
            await client.publish(OrderPlaced(order_id="a", number=number))
        await until(lambda: len(heard) == 3)
        await pair_of(client).settled()
        report = await Replay(app, remembering(pair_of(client)), _seams(client)).run("email<orders.order")

        assert (report.handled, report.failed) == (3, 0)
        assert await pair_of(client).snapshot().fetch_value(rows) == 6


def _seams(client: Client) -> Any:
    from tense.runtime.engine import Seams
    from tense.runtime.system import SystemChance, SystemClock, SystemSpawn

    del client
    return Seams(SystemClock(), SystemChance(), SystemSpawn())


async def test_what_was_said_without_a_broker_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = f"sqlite:///{tmp_path / 'state.db'}"
    app = App(selling(Log()), store=state)
    async with app.client() as client:
        with pytest.warns(TenseWarning, match="nobody has ever run"):
            await client.send(PlaceOrder(order_id="a"))

    async with app.running(broker=f"sqlite:///{tmp_path / 'broker.db'}"):
        pass

    assert "1 commands for orders stand in the store itself" in caplog.text


async def test_the_outbox_of_an_open_transaction_is_carried_on(tmp_path: Path) -> None:
    heard = Log()
    app = App(
        selling(Log()),
        subscriber("email", heard),
        store=f"sqlite:///{tmp_path / 'state.db'}",
        broker=f"sqlite:///{tmp_path / 'broker.db'}",
    )
    async with app.running():
        connection = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        for number, end in enumerate(("COMMIT", "ROLLBACK", "COMMIT")):
            connection.execute("BEGIN IMMEDIATE")
            with app.outbox(connection) as out:
                out.publish(OrderPlaced(order_id="a", number=number))
            connection.execute(end)
        connection.close()
        await until(lambda: len(heard) == 2)

    assert heard == ["a.0", "a.2"]


def test_a_store_is_not_its_own_broker(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'one.db'}"

    with pytest.raises(StoreUnusableError, match="cannot be its own broker"):
        App(selling(Log()), store=address, broker=address).engine(address, broker=address)


def test_a_store_that_keeps_no_marks_keeps_no_state_for_another() -> None:
    with pytest.raises(NotSupportedError, match="MemoryStore keeps no marks"):
        paired(open_store("memory:"), open_store("sqlite:///broker.db"), 64)
