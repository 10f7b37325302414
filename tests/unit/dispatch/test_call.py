"""The ports of one call: what they let through, what travels with a message, what a shut port does."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tense import App, Command, Contract, Event, Execute, Metadata, Publish, Send, Service
from tense.adapters.codecs.json import JsonCodec
from tense.dispatch.answers import Answering
from tense.dispatch.call import BoundExecute, BoundPublish, BoundSend, Call, Voice
from tense.dispatch.envelopes import Envelopes
from tense.errors import WorkflowError
from tense.messages.outcome import Completed
from tense.rules.children import child_id
from tense.testing import HandClock, SeededChance, harness

orders = Contract("orders")
payment = Contract("payment")
reminders = Contract("reminders")


class PlaceOrder(Command[str], owner=orders, key="order_id"):
    order_id: str


class RemindMe(Command, owner=reminders, deadline=timedelta(minutes=1)):
    order_id: str


class ChargeCard(Command[str], owner=payment):
    cents: int


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class OrderLost(Event, owner=orders):
    order_id: str


class NoUnit:
    begun = False


service = Service(orders)


@service.handles(PlaceOrder)
async def place(
    command: PlaceOrder, publish: Publish[OrderPlaced], send: Send[RemindMe], charge: Execute[ChargeCard]
) -> str: ...


PARENT = Metadata(
    id="parent",
    kind="command",
    type="orders.PlaceOrder",
    correlationid="root",
    tenant="t",
    traceparent="00-a",
    deadline=1_750_000_100.0,
)


@pytest.fixture
def asked():
    return []


@pytest.fixture
def call(asked):
    codec = JsonCodec()

    async def ask(envelope):
        asked.append(envelope)
        return Completed(codec.encode("reference"))

    envelopes = Envelopes(codec, HandClock(), SeededChance(), max_body=1000)
    voice = Voice(envelopes, Answering(codec), ask, frozenset({("orders", "reminders.RemindMe")}))
    return Call(voice, service.handlers[0], PARENT, NoUnit())


def test_a_published_event_leaves_with_the_call_as_its_parents_child(call):
    BoundPublish(call, (OrderPlaced,))(OrderPlaced(order_id="7"))

    (envelope,) = call.outgoing
    said = envelope.metadata
    assert (said.kind, said.type, said.source, said.partitionkey, said.aggregatetype) == (
        "event",
        "orders.OrderPlaced",
        "orders",
        "7",
        "order",
    )
    assert (said.correlationid, said.causationid, said.tenant, said.traceparent) == ("root", "parent", "t", "00-a")
    assert (envelope.body, envelope.channel) == (b'{"order_id":"7"}', "orders.order")


def test_a_sent_command_has_its_time_its_id_and_who_hears_of_it(call):
    send = BoundSend(call, (RemindMe,))

    ids = [
        send(RemindMe(order_id="1"), after=timedelta(seconds=10), id="mine"),
        send(RemindMe(order_id="2"), at=datetime(2030, 1, 1, tzinfo=UTC)),
        send(RemindMe(order_id="3")),
    ]

    first, second, third = call.outgoing
    now = call.voice.envelopes.clock.now()
    assert ids == [envelope.metadata.id for envelope in call.outgoing]
    assert (ids[0], first.due, second.due, third.due) == (
        "mine",
        now + 10,
        datetime(2030, 1, 1, tzinfo=UTC).timestamp(),
        0.0,
    )
    assert (first.metadata.deadline, third.metadata.deadline) == (now + 70, now + 60)
    assert first.metadata.replyto == "orders"
    assert first.channel == "reminders"


@pytest.mark.parametrize(
    ("port", "message", "said"),
    [
        (
            BoundPublish,
            OrderLost(order_id="1"),
            "says OrderLost, but its signature declares Publish[OrderPlaced | RemindMe]",
        ),
        (BoundSend, ChargeCard(cents=1), "says ChargeCard, but its signature declares Send[OrderPlaced | RemindMe]"),
        (BoundPublish, "text", "says str, but its signature declares Publish["),
    ],
)
def test_what_the_signature_does_not_declare_is_refused_at_run_time_too(call, port, message, said):
    with pytest.raises(WorkflowError) as caught:
        port(call, (OrderPlaced, RemindMe))(message)

    assert said in str(caught.value)
    assert "A handler can say only what its signature says." in str(caught.value)
    assert call.outgoing == []


async def test_executing_what_is_not_declared_is_refused_at_run_time_too(call, asked):
    with pytest.raises(WorkflowError, match=r"signature declares Execute\[ChargeCard\]"):
        await BoundExecute(call, (ChargeCard,))(RemindMe(order_id="1"))

    assert asked == []


def test_two_moments_and_a_moment_without_zone_are_refused(call):
    send = BoundSend(call, (RemindMe,))

    with pytest.raises(WorkflowError, match="after= and at= both say when; give one"):
        send(RemindMe(order_id="1"), after=timedelta(1), at=datetime(2030, 1, 1, tzinfo=UTC))
    with pytest.raises(WorkflowError, match="has no time zone, so it names no moment"):
        send(RemindMe(order_id="1"), at=datetime(2030, 1, 1))  # noqa: DTZ001 - the mistake


async def test_children_are_counted_and_live_within_their_parents_rest(call, asked):
    execute = BoundExecute(call, (ChargeCard,))

    results = [await execute(ChargeCard(cents=1)), await execute.outcome(ChargeCard(cents=2))]

    assert results == ["reference", "reference"]
    assert [envelope.metadata.id for envelope in asked] == [
        child_id("parent", number, "payment.ChargeCard") for number in (0, 1)
    ]
    assert {envelope.metadata.deadline for envelope in asked} == {call.voice.envelopes.clock.now() + 60}


async def test_a_shut_port_records_what_would_have_been_said_and_says_nothing(call, asked):
    call.shut = True

    BoundPublish(call, (OrderPlaced,))(OrderPlaced(order_id="7"))
    sent = BoundSend(call, (RemindMe,))(RemindMe(order_id="7"))
    with pytest.raises(WorkflowError, match="a replay executes no commands"):
        await BoundExecute(call, (ChargeCard,))(ChargeCard(cents=1))

    assert sent
    assert (call.outgoing, asked) == ([], [])
    assert call.silenced == ["publish orders.OrderPlaced", "send reminders.RemindMe", "execute payment.ChargeCard"]


async def test_what_is_caused_is_told_apart_from_what_began_it():
    seen, first = {}, Service(orders)

    @first.handles(PlaceOrder)
    async def start(command: PlaceOrder, metadata: Metadata, publish: Publish[OrderPlaced]) -> str:
        seen["command"] = metadata
        publish(OrderPlaced(order_id="1"))
        return metadata.id

    @first.subscribes(OrderPlaced)
    async def follow(event: OrderPlaced, metadata: Metadata, publish: Publish[OrderLost]) -> None:
        seen["event"] = metadata
        publish(OrderLost(order_id="1"))

    @first.subscribes(OrderLost)
    def end(event: OrderLost, metadata: Metadata) -> None:
        seen["last"] = metadata

    async with harness(App(first)) as h:
        root = await h.client.execute(PlaceOrder(order_id="1"))
        await h.idle()

    assert seen["command"].correlation == root
    assert (seen["event"].correlationid, seen["event"].causationid) == (root, root)
    assert (seen["last"].correlationid, seen["last"].causationid) == (root, seen["event"].id)


async def test_a_handler_that_ran_beside_another_keeps_its_own_ports():
    waiting, said = Service(orders), []

    @waiting.handles(PlaceOrder)
    async def start(command: PlaceOrder, publish: Publish[OrderPlaced]) -> str:
        await asyncio.sleep(0)
        publish(OrderPlaced(order_id=command.order_id))
        return command.order_id

    @waiting.subscribes(OrderPlaced)
    async def follow(event: OrderPlaced, metadata: Metadata) -> None:
        said.append((event.order_id, metadata.causationid))

    async with harness(App(waiting)) as h:
        tickets = [await h.client.send(PlaceOrder(order_id=str(number))) for number in range(20)]
        await h.idle()

    assert sorted(said) == sorted((str(number), ticket.id) for number, ticket in enumerate(tickets))


async def test_what_a_client_says_within_a_handler_is_the_handlers_child():
    seen, talking = [], Service(orders)

    @talking.handles(PlaceOrder)
    async def start(command: PlaceOrder, metadata: Metadata) -> str:
        await h.client.publish(OrderPlaced(order_id="1"))
        return metadata.id

    @talking.subscribes(OrderPlaced)
    async def follow(event: OrderPlaced, metadata: Metadata) -> None:
        seen.append(metadata.causationid)

    async with harness(App(talking)) as h:
        root = await h.client.execute(PlaceOrder(order_id="1"))
        await h.client.publish(OrderPlaced(order_id="1"))
        await h.idle()

    assert seen == [root, None]
