"""Promise 6: order per key survives concurrency and retries; park and block. And promise 7: retries and dead letters."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stores import Run
from tense import App, CommandFailed, Send, Service
from tense.testing.harness import harness
from words import FEW, Log, Notify, OrderPlaced, PlaceOrder, notes, placing, publisher, subscriber

TURNED = ("m", "z", "k", "z2", "a")
"""Ids given by hand, in another order than that of sending."""


async def place(h, order_id: str, numbers: range) -> None:
    for number in numbers:
        await h.client.send(PlaceOrder(order_id=order_id, number=number))


async def test_commands_of_one_key_run_in_the_order_they_were_sent(run: Run) -> None:
    log = Log()
    async with run(App(placing(log))) as h:
        for number in range(20):
            for key in "abc":
                await h.client.send(PlaceOrder(order_id=key, number=number))
        await h.idle()

        for key in "abc":
            assert [entry for entry in log if entry[0] == key] == [f"{key}.{n}" for n in range(20)]


async def test_commands_that_a_handler_sends_run_in_the_order_in_which_it_sent_them_whatever_their_ids(
    run: Run,
) -> None:
    log = Log()
    sender = Service(notes)

    @sender.handles(Notify)
    async def order(command: Notify, send: Send[PlaceOrder]) -> None:
        for number, id_ in enumerate(TURNED):
            send(PlaceOrder(order_id="a", number=number), id=id_)

    async with run(App(sender, placing(log))) as h:
        await h.client.execute(Notify(text="go"))
        await h.idle()

    assert log == [f"a.{n}" for n in range(len(TURNED))]


async def test_commands_of_an_open_transaction_run_in_the_order_they_were_sent_whatever_their_ids(
    tmp_path: Path,
) -> None:
    log = Log()
    store = f"sqlite:///{tmp_path}/shop.db"
    app = App(placing(log), store=store)
    async with harness(app, store=store):
        pass
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        with app.outbox(connection) as out:
            for number, id_ in enumerate(TURNED):
                out.send(PlaceOrder(order_id="a", number=number), id=id_)
    async with harness(app, store=store) as h:
        await h.idle()

    assert log == [f"a.{n}" for n in range(len(TURNED))]


async def test_a_failing_command_is_not_overtaken_by_the_next_of_its_key(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(placing(log))) as h:
        await place(h, "a", range(3))
        await place(h, "b", range(2))
        await h.idle()
        before = list(log)
        log.failing = set()
        await h.later(1)

        assert [entry for entry in before if entry[0] == "a"] == ["a.0"]
        assert [entry for entry in before if entry[0] == "b"] == ["b.0", "b.1"]
        assert [entry for entry in log if entry[0] == "a"] == ["a.0", "a.0", "a.1", "a.2"]


async def test_a_failing_event_is_not_overtaken_by_the_next_of_its_key(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(publisher(), subscriber("email", log))) as h:
        await place(h, "a", range(3))
        await place(h, "b", range(2))
        await h.idle()
        before = list(log)
        log.failing = set()
        await h.later(1)

        assert [entry for entry in before if entry[0] == "a"] == ["a.0"]
        assert [entry for entry in before if entry[0] == "b"] == ["b.0", "b.1"]
        assert [entry for entry in log if entry[0] == "a"] == ["a.0", "a.0", "a.1", "a.2"]


@pytest.mark.parametrize("kind", ["command", "event"])
async def test_a_dead_letter_parks_its_key_until_it_is_redriven(run: Run, kind: str) -> None:
    log = Log()
    log.failing = {"a.0"}
    services = [placing(log)] if kind == "command" else [publisher(), subscriber("email", log)]
    async with run(App(*services)) as h:
        await place(h, "a", range(3))
        await h.idle()
        for _ in range(3):
            await h.later(1)
        dead = await h.dead()
        parked = list(log)
        log.failing = set()
        await h.engine.store.redrive([letter.number for letter in dead], h.clock.now())
        await h.idle()

        assert [(letter.reason, letter.attempts, letter.holds_back) for letter in dead] == [("exhausted", 3, 2)]
        assert parked == ["a.0"] * 3
        assert log[3:] == ["a.0", "a.1", "a.2"]
        assert await h.dead() == []


@pytest.mark.parametrize("kind", ["command", "event"])
async def test_dropping_a_dead_letter_lets_its_key_go_on_without_it(run: Run, kind: str) -> None:
    log = Log()
    log.failing = {"a.0"}
    services = [placing(log)] if kind == "command" else [publisher(), subscriber("email", log)]
    async with run(App(*services)) as h:
        await place(h, "a", range(2))
        await h.idle()
        for _ in range(3):
            await h.later(1)
        (letter,) = await h.dead()

        assert await h.engine.store.drop([letter.number]) == 1
        await h.idle()

        assert log[3:] == ["a.1"]
        await place(h, "a", range(2, 3))
        await h.idle()
        assert log[3:] == ["a.1", "a.2"]


async def test_parking_survives_a_restart(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}

    def app() -> App:
        return App(publisher(), subscriber("email", log))

    async with run(app()) as h:
        await place(h, "a", range(2))
        await h.idle()
        for _ in range(3):
            await h.later(1)
    log.failing = set()
    async with run(app()) as h:
        await place(h, "a", range(2, 3))
        await h.idle()
        parked = list(log)
        (letter,) = await h.dead()
        await h.engine.store.redrive([letter.number], h.clock.now())
        await h.idle()

        assert parked == ["a.0"] * 3
        assert log[3:] == ["a.0", "a.1", "a.2"]


async def test_a_retry_that_waits_survives_a_restart(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(placing(log))) as h:
        ticket = await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()
    log.failing = set()
    async with run(App(placing(log))) as h:
        await h.later(1)

        assert log == ["a.0", "a.0"]
        assert (await h.client.ticket(PlaceOrder, ticket.id).result()).order_id == "a"


async def test_block_holds_everything_of_the_lane_behind_the_failure(run: Run) -> None:
    log = Log()
    log.failing = {"a.0"}
    async with run(App(publisher(), subscriber("email", log, on_failure="block"), lanes=1)) as h:
        await place(h, "a", range(2))
        await place(h, "b", range(2))
        await h.idle()
        before = list(log)
        log.failing = set()
        await h.later(1)

        assert before == ["a.0"]
        assert log[1:] == ["a.0", "a.1", "b.0", "b.1"]


async def test_without_a_key_a_dead_letter_holds_nothing_back(run: Run) -> None:
    log = Log()
    log.failing = {"bad"}
    service = Service(notes)

    @service.handles(Notify, retry=FEW)
    async def notify(command: Notify) -> None:
        log.note(command.text)

    async with run(App(service)) as h:
        bad = await h.client.send(Notify(text="bad"))
        await h.client.send(Notify(text="good"))
        await h.idle()
        for _ in range(3):
            await h.later(1)

        assert log.count("good") == 1
        assert log.count("bad") == 3
        with pytest.raises(CommandFailed, match="exhausted"):
            await bad.result()
        (letter,) = await h.dead()
        assert "RuntimeError: failing at bad" in letter.error
        assert "Traceback" in letter.traceback
        assert b"bad" in letter.body


async def test_subscribers_are_isolated_from_each_other(run: Run) -> None:
    broken, well = Log(), Log()
    broken.failing = {"a.0", "a.1"}
    async with run(App(publisher(), subscriber("email", broken), subscriber("warehouse", well))) as h:
        await place(h, "a", range(2))
        await h.idle()

        assert well == ["a.0", "a.1"]
        assert broken == ["a.0"]


async def test_a_new_subscription_begins_at_the_end_or_from_the_start(run: Run) -> None:
    late, early = Log(), Log()
    async with run(App(publisher())) as h:
        await place(h, "a", range(2))
        await h.idle()
    async with run(App(publisher(), subscriber("late", late), subscriber("early", early, from_start=True))) as h:
        await place(h, "a", range(2, 3))
        await h.idle()

        assert late == ["a.2"]
        assert early == ["a.0", "a.1", "a.2"]


async def test_a_subscription_goes_on_where_it_stopped(run: Run) -> None:
    log = Log()
    async with run(App(publisher(), subscriber("email", log))) as h:
        await place(h, "a", range(2))
        await h.idle()
    async with run(App(publisher())) as h:
        await place(h, "a", range(2, 4))
        await h.idle()
    async with run(App(publisher(), subscriber("email", log))) as h:
        await h.idle()

        assert log == ["a.0", "a.1", "a.2", "a.3"]


async def test_a_published_event_with_an_id_is_logged_once(run: Run) -> None:
    log = Log()
    async with run(App(publisher(), subscriber("email", log))) as h:
        for _ in range(2):
            await h.client.publish(OrderPlaced(order_id="a"), id="once")
        await h.idle()

        assert log == ["a.0"]
