"""Promise 4: every accepted command ends in exactly one recorded outcome, told to the sender. And promise 2: duplicates."""

import asyncio
from datetime import timedelta

import pytest

from stores import Run
from tense import (
    App,
    CommandCancelled,
    CommandExpired,
    CommandFailed,
    Concluded,
    Contract,
    DuplicateIdError,
    OutcomeUnknown,
    Rejection,
    Send,
    Service,
    TenseWarning,
    Unsuccessful,
)
from tense.errors import ForeignMessageError
from words import (
    FEW,
    ChargeCard,
    Declined,
    Hurry,
    Log,
    Notify,
    OrderPlaced,
    OutOfStock,
    PlaceOrder,
    Receipt,
    notes,
    orders,
    payment,
    placing,
    publisher,
    rush,
    subscriber,
)


async def test_the_result_comes_back_typed(run: Run) -> None:
    async with run(App(publisher())) as h:
        receipt = await h.client.execute(PlaceOrder(order_id="1"))

        assert receipt == Receipt(order_id="1")


async def test_a_raised_rejection_is_raised_at_the_sender_or_given_as_a_value(run: Run) -> None:
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        raise OutOfStock(sku="book")

    async with run(App(service)) as h:
        with pytest.raises(OutOfStock) as caught:
            await h.client.execute(PlaceOrder(order_id="1"))
        value = await h.client.outcome(PlaceOrder(order_id="2"))

        assert caught.value.sku == "book"
        assert isinstance(value, OutOfStock)
        assert await h.dead() == []


async def test_a_rejection_that_the_command_does_not_declare_is_a_failure_that_says_so(run: Run) -> None:
    class Surprise(Rejection): ...

    service = Service(orders)

    @service.handles(PlaceOrder, retry=FEW)
    async def place(command: PlaceOrder) -> Receipt:
        raise Surprise

    async with run(App(service)) as h:
        with pytest.raises(CommandFailed, match=r"undeclared-rejection.*Surprise"):
            await h.client.execute(PlaceOrder(order_id="1"))

        assert [letter.attempts for letter in await h.dead()] == [1]


async def test_the_same_id_again_gives_the_first_outcome_and_runs_nothing(run: Run) -> None:
    log = Log()
    async with run(App(placing(log))) as h:
        first = await h.client.execute(PlaceOrder(order_id="1"), id="once")
        again = await h.client.execute(PlaceOrder(order_id="1"), id="once")

        assert first == again
        assert log == ["1.0"]


async def test_the_same_id_with_another_body_is_an_error(run: Run) -> None:
    log = Log()
    async with run(App(placing(log))) as h:
        await h.client.send(PlaceOrder(order_id="1"), id="once")

        with pytest.raises(DuplicateIdError, match="once"):
            await h.client.send(PlaceOrder(order_id="2"), id="once")
        await h.idle()
        assert log == ["1.0"]


async def test_a_ticket_is_made_again_from_the_id(run: Run) -> None:
    async with run(App(publisher())) as h:
        sent = await h.client.send(PlaceOrder(order_id="1"))
        await h.idle()

        again = h.client.ticket(PlaceOrder, sent.id)

        assert await again.result() == Receipt(order_id="1")
        standing = await again.standing()
        assert standing is not None
        assert standing.attempts == 1


async def test_time_running_out_says_that_the_outcome_is_unknown_and_pretends_nothing(run: Run) -> None:
    service = Service(orders)
    gate = asyncio.Event()

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        await gate.wait()
        return Receipt(order_id=command.order_id)

    async with run(App(service)) as h:
        asking = asyncio.ensure_future(h.client.execute(PlaceOrder(order_id="1"), timeout=5, id="slow"))
        while not h.engine.worker.loops["orders"].lanes or not h.engine.worker.loops["orders"]._loaded:
            await asyncio.sleep(0)
        await h.clock.wind(5)

        with pytest.raises(OutcomeUnknown, match="slow"):
            await asking
        gate.set()
        await h.idle()
        assert await h.client.ticket(PlaceOrder, "slow").result() == Receipt(order_id="1")


async def test_a_command_past_its_deadline_is_not_started(run: Run) -> None:
    log = Log()
    service = Service(rush)

    @service.handles(Hurry)
    async def hurry(command: Hurry) -> None:
        log.note(command.text)

    async with run(App(service)) as h:
        late = await h.client.send(Hurry(text="late"), after=timedelta(seconds=60))
        await h.clock.wind(60 + 11)
        await h.idle()
        in_time = await h.client.send(Hurry(text="in time"))
        await h.idle()

        assert await in_time.result() is None
        assert "in time" in log
        assert await late.standing() is not None


async def test_a_failed_command_whose_deadline_passes_while_it_waits_has_an_outcome(run: Run) -> None:
    log = Log()
    log.failing = {"1.0"}
    async with run(App(placing(log))) as h:
        first = await h.client.send(PlaceOrder(order_id="1"))
        behind = asyncio.ensure_future(h.client.execute(PlaceOrder(order_id="1", number=1), timeout=2))
        await h.idle()
        for _ in range(4):
            await h.later(1)

        with pytest.raises(CommandFailed):
            await first.result()
        with pytest.raises((CommandExpired, OutcomeUnknown)):
            await behind


async def test_a_command_that_is_not_started_can_be_cancelled_and_its_sender_is_told(run: Run) -> None:
    log = Log()
    service = Service(notes)

    @service.handles(Notify)
    async def notify(command: Notify) -> None:
        log.note(command.text)

    async with run(App(service)) as h:
        ticket = await h.client.send(Notify(text="later"), after=timedelta(hours=1))

        assert await ticket.cancel() is True
        assert await ticket.cancel() is False
        with pytest.raises(CommandCancelled):
            await ticket.result()
        await h.later(timedelta(hours=2))
        assert log == []


async def test_a_timer_is_not_handled_before_its_time_and_then_once(run: Run) -> None:
    log = Log()
    service = Service(notes)

    @service.handles(Notify)
    async def notify(command: Notify) -> None:
        log.note(command.text)

    async with run(App(service)) as h:
        await h.client.send(Notify(text="later"), after=timedelta(minutes=5))
        await h.later(timedelta(minutes=4, seconds=59))
        early = list(log)
        await h.later(2)

        assert early == []
        assert log == ["later"]


async def test_a_service_hears_how_the_commands_it_sent_ended(run: Run) -> None:
    heard: list[object] = []
    selling, paying = Service(notes), Service(payment)

    @selling.handles(Notify)
    async def notify(command: Notify, send: Send[ChargeCard]) -> None:
        send(ChargeCard(order_id=command.text))

    @selling.hears(ChargeCard)
    async def charged(done: Concluded[ChargeCard, str | Declined | Unsuccessful]) -> None:
        heard.append((done.command.order_id, done.outcome))

    @paying.handles(ChargeCard, retry=FEW)
    async def charge(command: ChargeCard) -> str | Declined:
        if command.order_id == "broken":
            raise RuntimeError
        return Declined() if command.order_id == "declined" else "paid"

    async with run(App(selling, paying)) as h:
        for text in ("good", "declined", "broken"):
            await h.client.execute(Notify(text=text))
        for _ in range(4):
            await h.later(1)

        told = dict(heard)
        assert told["good"] == "paid"
        assert isinstance(told["declined"], Declined)
        assert isinstance(told["broken"], CommandFailed)
        assert len(heard) == 3


async def test_only_the_owner_publishes_an_event(run: Run) -> None:
    async with run(App(subscriber("email", Log()))) as h:
        with pytest.raises(ForeignMessageError, match="orders"):
            await h.client.publish(OrderPlaced(order_id="1"))


async def test_sending_to_a_service_that_nobody_ever_ran_warns_with_the_line_that_would_run_it(run: Run) -> None:
    async with run(App(subscriber("email", Log()))) as h:
        with pytest.warns(TenseWarning, match=r"tense run .*--service payment"):
            ticket = await h.client.send(ChargeCard(order_id="1"))

        assert (await ticket.standing()) is not None


def test_a_contract_of_no_service_here_is_no_hindrance() -> None:
    assert App(Service(Contract("empty")), publisher()) is not None
