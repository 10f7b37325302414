"""Promise 10: replay, redrive and shedding respect the kind."""

from datetime import timedelta

import pytest

from stores import Run
from tense import App, Busy, CommandExpired, Service
from words import FEW, Hurry, Log, OrderPlaced, PlaceOrder, placing, publisher, rush, subscriber


async def test_a_redriven_command_past_its_deadline_is_not_started(run: Run) -> None:
    log = Log()
    log.failing = {"now"}
    service = Service(rush)

    @service.handles(Hurry, retry=FEW)
    async def hurry(command: Hurry) -> None:
        log.note(command.text)

    async with run(App(service)) as h:
        ticket = await h.client.send(Hurry(text="now"))
        await h.idle()
        for _ in range(3):
            await h.later(1)
        (letter,) = await h.dead()
        log.failing = set()
        await h.later(timedelta(minutes=1))
        await h.engine.store.redrive([letter.number], h.clock.now())
        await h.idle()

        assert log == ["now"] * 3
        with pytest.raises(CommandExpired):
            await ticket.result()


async def test_a_redriven_command_gets_a_new_outcome_and_keeps_its_id(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(placing(log))) as h:
        ticket = await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
        for _ in range(3):
            await h.later(1)
        (letter,) = await h.dead()
        log.failing = set()
        await h.engine.store.redrive([letter.number], h.clock.now())
        await h.idle()

        assert letter.id == ticket.id
        assert (await ticket.result()).order_id == "a"


async def test_a_redriven_event_goes_to_the_subscription_it_died_in_and_to_no_other(run: Run) -> None:
    broken, well = Log(), Log()
    broken.failing = {"a.0"}
    async with run(App(publisher(), subscriber("email", broken), subscriber("warehouse", well))) as h:
        await h.client.execute(PlaceOrder(order_id="a"))
        await h.idle()
        for _ in range(3):
            await h.later(1)
        (letter,) = await h.dead()
        broken.failing = set()
        await h.engine.store.redrive([letter.number], h.clock.now())
        await h.idle()

        assert broken == ["a.0"] * 4
        assert well == ["a.0"]


async def test_overload_refuses_commands_early_while_events_only_lag(run: Run) -> None:
    log = Log()
    async with run(App(publisher(), max_backlog=5)) as seller:
        del seller
    async with run(App(publisher(), subscriber("email", log), max_backlog=5)) as h:
        h.engine.worker.loops["orders"]._stopping = True
        accepted = 0
        with pytest.raises(Busy) as refused:
            for number in range(100):
                await h.client.send(PlaceOrder(order_id=str(number)))
                accepted += 1
                await h.clock.wind(1)
        for number in range(20):
            await h.client.publish(OrderPlaced(order_id=str(number)))
        h.engine.worker.loops["orders"]._stopping = False

        assert accepted == 5
        assert refused.value.retry_after > 0
        await h.engine.worker.loops["email<orders.order"].quiet()
        assert len(log) == 20


async def test_the_lag_is_reported(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(publisher(), subscriber("email", log))) as h:
        for number in range(3):
            await h.client.execute(PlaceOrder(order_id="a", number=number))
        await h.idle()

        lag = {each.consumer: each for each in await h.engine.store.lags()}["email<orders.order"]

        assert (lag.retrying, lag.held, lag.dead) == (1, 2, 0)
