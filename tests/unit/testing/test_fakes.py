from datetime import timedelta

import pytest

from tense import Command, CommandFailed, Contract, Event, Execute, Publish, Rejection, Send, Service
from tense.testing import Recorder, answers

shop = Contract("shop")
bank = Contract("bank")


class Declined(Rejection):
    reason: str


class ChargeCard(Command[str, Declined], owner=bank):
    cents: int


class ShipOrder(Command, owner=shop):
    order_id: str


class OrderPlaced(Event, owner=shop):
    order_id: str
    reference: str


class PlaceOrder(Command[str, Declined], owner=shop):
    order_id: str


service = Service(shop)


@service.handles(PlaceOrder)
async def place_order(
    command: PlaceOrder, charge: Execute[ChargeCard], publish: Publish[OrderPlaced], send: Send[ShipOrder]
) -> str:
    reference = await charge(ChargeCard(cents=5))
    publish(OrderPlaced(order_id=command.order_id, reference=reference))
    return send(ShipOrder(order_id=command.order_id), after=timedelta(hours=1), id="ship")


async def test_a_registered_handler_is_a_plain_function_that_fakes_can_be_handed_to():
    charge, publish, send = answers(ChargeCard)("ref-1"), Recorder[OrderPlaced](), Recorder[ShipOrder]()

    result = await place_order(PlaceOrder(order_id="7"), charge, publish, send)

    assert result == "ship"
    assert charge.said == (ChargeCard(cents=5),)
    assert publish.only == OrderPlaced(order_id="7", reference="ref-1")
    assert [(each.message, each.id, each.after) for each in send.calls] == [
        (ShipOrder(order_id="7"), "ship", timedelta(hours=1))
    ]


async def test_a_prepared_rejection_is_raised_and_nothing_is_said():
    publish, send = Recorder[OrderPlaced](), Recorder[ShipOrder]()

    with pytest.raises(Declined) as refused:
        await place_order(PlaceOrder(order_id="7"), answers(ChargeCard)(Declined(reason="stolen")), publish, send)

    assert refused.value.reason == "stolen"
    assert publish.said == []
    assert send.said == []


async def test_outcome_gives_a_prepared_rejection_as_a_value():
    refusal = Declined(reason="stolen")

    outcome = await answers(ChargeCard)(refusal).outcome(ChargeCard(cents=1))

    assert outcome is refusal


async def test_a_function_answers_by_the_command():
    charge = answers(ChargeCard)(lambda command: f"ref-{command.cents}")

    given = [await charge(ChargeCard(cents=1)), await charge.outcome(ChargeCard(cents=2))]

    assert given == ["ref-1", "ref-2"]
    assert [command.cents for command in charge.said] == [1, 2]


async def test_a_prepared_failure_is_raised_by_both_verbs():
    charge = answers(ChargeCard)(CommandFailed("1", "bank.ChargeCard", "no line"))

    for verb in (charge, charge.outcome):
        with pytest.raises(CommandFailed, match="no line"):
            await verb(ChargeCard(cents=1))


async def test_a_command_without_a_result_answers_nothing():
    assert await answers(ShipOrder)(None)(ShipOrder(order_id="1")) is None


def test_only_refuses_none_and_many():
    publish = Recorder[OrderPlaced]()

    with pytest.raises(AssertionError, match="got 0"):
        publish.only  # noqa: B018 - reading it is the act
    for number in "12":
        publish(OrderPlaced(order_id=number, reference=""))
    with pytest.raises(AssertionError, match="got 2"):
        publish.only  # noqa: B018 - reading it is the act


def test_what_is_sent_gets_an_id_of_its_own():
    send = Recorder[ShipOrder]()

    ids = [send(ShipOrder(order_id="1")), send(ShipOrder(order_id="2")), send(ShipOrder(order_id="3"), id="mine")]

    assert ids == ["said-1", "said-2", "mine"]
