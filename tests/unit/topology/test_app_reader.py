"""The topology of a Tense app is exact."""

from datetime import timedelta

from tense.dispatch.service import Service
from tense.messages.contract import Contract
from tense.messages.kinds import Command, Event
from tense.messages.outcome import Concluded, Unsuccessful
from tense.messages.rejection import Rejection
from tense.ports.emission import Execute, Publish, Send
from tense.runtime.app import App
from tense.topology.readers.app import app_topology

orders, billing, email = Contract("orders"), Contract("billing"), Contract("email")


class Declined(Rejection):
    reason: str


class PlaceOrder(Command[str], owner=orders, key="order_id"):
    """Take an order."""

    order_id: str
    note: str = ""


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class ChargeCard(Command[str, Declined], owner=billing, deadline=timedelta(seconds=30)):
    order_id: str


class SendMail(Command, owner=email):
    text: str


def topology():
    shop, bank, post = Service(orders), Service(billing), Service(email)

    @shop.handles(PlaceOrder)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard], publish: Publish[OrderPlaced]) -> str:
        return ""

    @bank.handles(ChargeCard)
    async def charge(command: ChargeCard) -> str | Declined:
        return ""

    @post.subscribes(OrderPlaced)
    async def confirm(event: OrderPlaced, send: Send[SendMail]) -> None: ...

    @post.handles(SendMail)
    async def mail(command: SendMail) -> None: ...

    @post.hears(SendMail)
    async def mailed(done: Concluded[SendMail, Unsuccessful | None]) -> None: ...

    return app_topology(App(shop, bank, post).registry, source="shop:app")


def test_ports_are_what_a_handler_says():
    said = {(one.service, one.verb, one.message, one.waits) for one in topology().sayings}

    assert said == {
        ("orders", "execute", "billing.ChargeCard", True),
        ("orders", "publish", "orders.OrderPlaced", False),
        ("email", "send", "email.SendMail", False),
    }


def test_a_saying_happens_inside_a_handler_of_the_same_name():
    found = topology()
    handlers = {(one.service, one.name) for one in found.handlings}

    assert all((one.service, one.inside) in handlers for one in found.sayings)


def test_who_hears_an_outcome_is_no_second_handler():
    handled = [one.message for one in topology().handlings]

    assert sorted(handled) == ["billing.ChargeCard", "email.SendMail", "orders.OrderPlaced", "orders.PlaceOrder"]


def test_a_message_is_told_as_it_is_declared():
    messages = {one.name: one for one in topology().messages}

    place = messages["orders.PlaceOrder"]
    assert (place.written, place.kind, place.owner, place.key, place.result) == (
        "PlaceOrder",
        "command",
        "orders",
        "order_id",
        "str",
    )
    assert [(one.name, one.type, one.required) for one in place.fields or ()] == [
        ("order_id", "str", True),
        ("note", "str", False),
    ]
    assert place.description == "Take an order."
    assert place.place is not None
    assert place.place.file.endswith("test_app_reader.py")
    assert (messages["billing.ChargeCard"].rejections, messages["orders.OrderPlaced"].kind) == (("Declined",), "event")
