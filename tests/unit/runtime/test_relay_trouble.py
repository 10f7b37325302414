"""A pair in trouble: its transport or its state goes away, and what is refused holds up nobody."""

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from pairs import SHARED, SOON, Two, lag, pair_of, placed, selling, until

from tense import App, Client, Send, Service
from tense.errors import StoreError
from tense.runtime.relay_parcel import RELAY
from words import ChargeCard, Log, OrderPlaced, PlaceOrder, Receipt, orders, payment, subscriber


@pytest.mark.parametrize("two", SHARED, indirect=True)
async def test_a_crash_between_the_halves_runs_nothing_again(two: Two) -> None:
    done, heard = Log(), Log()
    async with two.running(selling(done), subscriber("email", heard)) as client:
        two.points.arm("before finish", "raise", times=2)
        receipt = await client.execute(PlaceOrder(order_id="a", number=1))
        await until(lambda: len(heard) == 1)
        await pair_of(client).settled()

        assert receipt == Receipt(order_id="a", total=1)
        assert await placed(client) == [("a", 1)]
    assert (done, heard) == (["a.1"], ["a.1"])


@pytest.mark.parametrize("two", SHARED, indirect=True)
async def test_an_event_that_ended_before_a_crash_is_not_heard_again(two: Two) -> None:
    heard = Log()
    async with two.running(selling(Log()), subscriber("email", heard)) as client:
        two.points.arm("before finish", "raise")
        await client.publish(OrderPlaced(order_id="a", number=1))
        await client.publish(OrderPlaced(order_id="a", number=2))
        await until(lambda: heard[-1:] == ["a.2"], lambda: heard)

    assert heard == ["a.1", "a.2"]


async def test_while_the_transport_is_away_units_commit_and_the_lag_is_told(two: Two) -> None:
    done, heard = Log(), Log()
    async with two.running(selling(done), subscriber("email", heard)) as client:
        two.points.arm("before accept", "raise", times=0)
        for number in range(20):
            await client.send(PlaceOrder(order_id="a", number=number))
        two.points.arm("before accept", "raise", times=1_000_000)
        await until(lambda: len(done) == 20)
        await until(lambda: _all_placed(client, 20))
        waiting = await lag(client)
        two.points.arm("before accept", "raise", times=0)
        await until(lambda: len(heard) == 20, lambda: heard)
        await until(lambda: _no_lag(client))

        assert waiting > 0
        assert [*await pair_of(client).dead()] == []
    assert heard == [f"a.{n}" for n in range(20)]


async def _all_placed(client: Client, count: int) -> bool:
    return len(await placed(client)) == count


async def _no_lag(client: Client) -> bool:
    return await lag(client) == 0


@pytest.mark.parametrize("two", SHARED, indirect=True)
async def test_what_a_process_could_not_hand_over_is_carried_on_by_the_next(two: Two) -> None:
    heard = Log()
    async with two.running(selling(Log()), subscriber("email", heard)) as client:
        ticket = await client.send(PlaceOrder(order_id="a", number=1))
        two.points.arm("before accept", "raise", times=1_000_000)
        await ticket.result()
        await until(lambda: two.points.passed.count("before accept") > 5)
    two.points.arm("before accept", "raise", times=0)
    before = list(heard)

    async with two.running(selling(Log()), subscriber("email", heard)):
        await until(lambda: heard == ["a.1"], lambda: heard)

    assert before == []


async def test_what_the_transport_refuses_is_a_dead_letter_and_holds_up_nobody(two: Two) -> None:
    service = Service(orders)
    said: list[str] = []

    @service.handles(PlaceOrder, retry=SOON)
    async def place(command: PlaceOrder, send: Send[ChargeCard]) -> Receipt:
        send(ChargeCard(order_id=command.order_id), id="taken")
        send(ChargeCard(order_id=command.order_id), id=f"fine-{command.order_id}")
        return Receipt(order_id=command.order_id)

    paying = Service(payment)

    @paying.handles(ChargeCard)
    async def charge(command: ChargeCard) -> str:
        said.append(command.order_id)
        return "paid"

    async with two.running(service, paying) as client:
        await client.send(ChargeCard(order_id="first"), id="taken")
        await client.execute(PlaceOrder(order_id="second"))
        await until(lambda: said == ["first", "second"], lambda: said)
        await pair_of(client).settled()
        (letter,) = await pair_of(client).dead()
        again = await pair_of(client).redrive([letter.number], 0.0)
        await until(lambda: _refused_again(client))
        (second,) = await pair_of(client).dead()
        dropped = await pair_of(client).drop([second.number])

        assert (letter.id, letter.type, letter.kind) == ("taken", "payment.ChargeCard", "command")
        assert (letter.consumer, letter.reason, again, dropped) == (RELAY, "refused", 1, 1)
        assert "accepted before with another body" in letter.error
        assert [*await pair_of(client).dead()] == []


async def _refused_again(client: Client) -> bool:
    return any(letter.redriven == 1 for letter in await pair_of(client).dead())


@pytest.mark.parametrize("slow", [0.3, "hang"])
@pytest.mark.parametrize("two", SHARED[:1], indirect=True)
async def test_what_is_carried_once_more_ends_with_the_process(
    two: Two, slow: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with two.running(selling(Log())) as client:
        with pytest.warns(UserWarning, match="nobody has ever run"):
            await client.send(ChargeCard(order_id="first"), id="taken")
        await asyncio.to_thread(_say_taken, two)
        await until(lambda: _letters(client, 1))
        (letter,) = await pair_of(client).dead()
        two.points.passed.clear()
        two.points.arm("before accept", slow)
        await pair_of(client).redrive([letter.number], 0.0)
        await until(lambda: "before accept" in two.points.passed)
    left = {task.get_name() for task in asyncio.all_tasks()} & {"tense relay carries"}

    assert left == set()
    assert "ended with an error" not in caplog.text


async def _letters(client: Client, count: int) -> bool:
    return len(await pair_of(client).dead()) == count


def _say_taken(two: Two) -> None:
    """Under an id that the transport knows with another body."""
    app = App(selling(Log()), broker=two.address)
    file = two.state.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file)) as connection, connection, app.outbox(connection) as out:
        out.send(ChargeCard(order_id="second"), id="taken")


async def test_deliveries_go_back_uncounted_while_the_state_is_away(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Log()
    async with two.running(selling(done)) as client:
        pair = pair_of(client)
        away, asked = [True], [0]
        marks = pair.state.marks

        def broken(deliveries: Any) -> Any:
            asked[0] += bool(deliveries)
            if not away[0]:
                return marks(deliveries)
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_exception(StoreError("away"))
            return future

        monkeypatch.setattr(pair.state, "marks", broken)
        ticket = await client.send(PlaceOrder(order_id="a"))
        await until(lambda: asked[0] >= 2)
        away[0] = False
        await ticket.result()
        standing = await ticket.standing()

    assert done == ["a.0"]
    assert standing is not None
    assert standing.attempts == 1
