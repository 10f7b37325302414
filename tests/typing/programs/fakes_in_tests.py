"""Handlers are plain functions: tests call them with fakes, or run the app on a clock of their own."""

from datetime import timedelta

from shop_contract import CancelOrder, CardDeclined, ChargeCard, OrderCancelled, OrderPlaced, PlaceOrder, Receipt, ShipOrder
from shop_service import app, cancel_order, charge_card

from tense import CommandFailed, Execute, Publish, Send
from tense.testing import HandClock, Recorder, SeededChance, answers, harness


async def pay(command: PlaceOrder, charge: Execute[ChargeCard], publish: Publish[OrderPlaced], send: Send[ShipOrder]) -> Receipt:
    reference = await charge(ChargeCard(order_id=command.order_id, cents=5))
    publish(OrderPlaced(order_id=command.order_id, total_cents=5))
    return Receipt(reference=f"{reference} {send(ShipOrder(order_id=command.order_id))}", total_cents=5)


async def test_a_placed_order_is_paid_and_shipped() -> None:
    charge = answers(ChargeCard)("reference")
    publish, send = Recorder[OrderPlaced](), Recorder[ShipOrder]()

    receipt = await pay(PlaceOrder(order_id="1"), charge, publish, send)

    assert receipt.total_cents == 5
    assert charge.said[0].cents == 5
    assert publish.only.order_id == "1"
    assert [sent.message.order_id for sent in send.calls] == ["1"]


async def test_other_answers() -> None:
    declined = answers(ChargeCard)(CardDeclined())
    by_amount = answers(ChargeCard)(lambda command: "small" if command.cents < 10 else CardDeclined(reason="large"))
    broken = answers(ChargeCard)(CommandFailed("1", "payment.ChargeCard"))
    for charge in (declined, by_amount, broken):
        outcome: str | CardDeclined = await charge.outcome(ChargeCard(order_id="1", cents=3))
        assert outcome


async def test_a_registered_handler_keeps_its_own_types() -> None:
    cancelled = Recorder[OrderCancelled]()
    cancel_order(CancelOrder(order_id="1"), cancelled)
    reference: str = await charge_card(ChargeCard(order_id="1", cents=1))
    assert reference
    assert cancelled.said


async def test_the_whole_app() -> None:
    async with harness(app, seed=7) as h:
        receipt = await h.client.execute(PlaceOrder(order_id="1"))
        await h.idle()
        await h.later(timedelta(hours=1))
        h.clock.advance(5)
        assert receipt.reference
        assert not await h.dead()


def test_seams() -> None:
    clock, chance = HandClock(), SeededChance(3)
    clock.call_later(1, lambda: None).cancel()
    assert chance.new_id() < chance.new_id()
    assert 0 <= chance.random() < 1
