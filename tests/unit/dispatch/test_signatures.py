"""Signatures that are refused at registration, and circles that are refused when an app is made."""

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from three_contracts import CancelOrder, ChargeCard, CheckMail, OrderPlaced, PlaceOrder, mail, orders, payment, refused

from tense import (
    App,
    Clock,
    Concluded,
    Event,
    Execute,
    Metadata,
    Publish,
    Send,
    Service,
    Snapshot,
    Transaction,
)
from tense.errors import (
    ExecuteCycleError,
    ProvisionError,
    RegistrationError,
)

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers


async def unions(command: PlaceOrder, execute: Execute[ChargeCard | CheckMail]) -> str: ...
async def itself(command: PlaceOrder, execute: Execute[CancelOrder]) -> str: ...
async def publishes_command(command: PlaceOrder, publish: Publish[CancelOrder]) -> str: ...
async def sends_event(command: PlaceOrder, send: Send[OrderPlaced]) -> str: ...
async def executes_event(command: PlaceOrder, execute: Execute[OrderPlaced]) -> str: ...
async def foreign_event(command: PlaceOrder, publish: Publish[asyncio.Event]) -> str: ...
async def bare_port(command: PlaceOrder, publish: Publish) -> str: ...
async def other_message(command: CancelOrder) -> str: ...
async def no_annotation(command: PlaceOrder, thing) -> str: ...
async def anything(command: PlaceOrder, **things: int) -> str: ...
async def many(command: PlaceOrder, *things: int) -> str: ...
async def positional(command: PlaceOrder, thing: int, /) -> str: ...
async def nothing() -> str: ...
def waits(command: PlaceOrder, charge: Execute[ChargeCard]) -> str: ...
def writes(command: PlaceOrder, db: Transaction) -> str: ...
def looks(command: PlaceOrder, db: Snapshot) -> str: ...
async def type_checking(command: PlaceOrder, price: "OnlyForCheckers") -> str: ...


@pytest.mark.parametrize(
    ("handler", "error", "said"),
    [
        (unions, RegistrationError, "execute: Execute takes one command, not a union: ask for one Execute for each."),
        (
            itself,
            RegistrationError,
            "orders cannot wait for orders.CancelOrder, its own command: the handler would hold what the command needs. Call the function, or use Send.",
        ),
        (
            publishes_command,
            RegistrationError,
            "Publish[CancelOrder] mixes the kinds: it is a command, use Send or Execute.",
        ),
        (sends_event, RegistrationError, "Send[OrderPlaced] mixes the kinds: it is an event, use Publish."),
        (executes_event, RegistrationError, "Execute[OrderPlaced] mixes the kinds"),
        (foreign_event, RegistrationError, "you want tense.Event, not asyncio.Event"),
        (
            bare_port,
            RegistrationError,
            "publish: Publish must say which messages: Publish[...]. The signature is the topology.",
        ),
        (
            other_message,
            RegistrationError,
            "is registered for orders.PlaceOrder, but its first parameter is annotated CancelOrder.",
        ),
        (no_annotation, ProvisionError, "the parameter 'thing' has no annotation, so nothing says what to inject."),
        (anything, ProvisionError, "**things: int takes anything; say by annotations what is to be injected."),
        (many, ProvisionError, "*things: int takes anything"),
        (positional, ProvisionError, "'thing' is positional-only; injected parameters are given by name."),
        (nothing, RegistrationError, "the first parameter is the message, PlaceOrder."),
        (
            waits,
            RegistrationError,
            "a plain `def` runs in a thread and cannot use Execute, which is awaited. Make it `async def`",
        ),
        (
            writes,
            RegistrationError,
            "cannot use Transaction, which is awaited. Make it `async def`, or ask for the driver's own connection.",
        ),
        (looks, RegistrationError, "cannot use Snapshot, which is awaited"),
        (
            type_checking,
            ProvisionError,
            "name 'OnlyForCheckers' is not defined. Annotations say what is injected, so their names must exist at run time: move the import out of `if TYPE_CHECKING:`.",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_signature_that_cannot_work_is_refused_with_its_place(handler, error, said):
    text = refused(error, lambda: Service(orders).handles(PlaceOrder)(handler))

    assert said in text
    assert f"{__name__}:{handler.__name__} ({__file__}:{handler.__code__.co_firstlineno})" in text


def test_a_class_is_no_handler():
    class Handler:
        def __init__(self, command: PlaceOrder) -> None: ...

    assert "a handler is a function" in refused(RegistrationError, lambda: Service(orders).handles(PlaceOrder)(Handler))


def test_a_listener_says_what_it_hears():
    async def hears_wrongly(done: Concluded[CancelOrder, Any]) -> None: ...
    async def hears_nothing(done: ChargeCard) -> None: ...
    async def answers(done: Concluded[ChargeCard, Any]) -> int: ...

    for listener, said in (
        (hears_wrongly, "the first parameter of a listener is annotated Concluded[ChargeCard, ...]"),
        (hears_nothing, "annotated Concluded[ChargeCard, ...]"),
        (answers, "returns nothing, its signature says int"),
    ):
        text = refused(RegistrationError, lambda listener=listener: Service(orders).hears(ChargeCard)(listener))
        assert said in text


def test_services_that_would_wait_for_each_other_are_refused_with_the_circle():
    first, second, third = Service(orders), Service(payment), Service(mail)

    @first.handles(PlaceOrder)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard]) -> str: ...

    @second.handles(ChargeCard)
    async def charge(command: ChargeCard, check: Execute[CheckMail]) -> str: ...

    @third.handles(CheckMail)
    async def check(command: CheckMail, place: Execute[PlaceOrder]) -> str: ...

    with pytest.raises(ExecuteCycleError) as caught:
        App(first, second, third)

    assert caught.value.path == ("orders", "payment", "mail", "orders")
    assert str(caught.value).startswith("Execute goes in a circle: orders -> payment -> mail -> orders.")
    assert "Use Send, or let one side hear the outcome." in str(caught.value)


def test_what_a_service_sends_may_go_in_circles():
    service = Service(orders)

    @service.handles(CancelOrder)
    async def cancel(command: CancelOrder, send: Send[CancelOrder]) -> None: ...

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> str:
        return ""

    assert App(service).registry.commands


def test_one_service_cannot_begin_at_the_start_and_at_the_end_of_one_log():
    service = Service(mail)

    class OrderMoved(Event, owner=orders, key="order_id"):
        order_id: str

    async def read(event: OrderPlaced) -> None: ...
    async def read_too(event: OrderMoved) -> None: ...

    service.subscribes(OrderPlaced)(read)
    service.subscribes(OrderMoved, from_start=True)(read_too)

    assert "mail reads orders.order from the start and from its end at once" in refused(
        RegistrationError, lambda: App(service)
    )


def test_what_is_not_refused_is_read_as_the_topology():
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(
        command: PlaceOrder,
        db: Transaction,
        reads: Snapshot,
        clock: Clock,
        metadata: Metadata,
        connection: sqlite3.Connection,
        charge: Execute[ChargeCard],
        publish: Publish[OrderPlaced],
        send: Send[CancelOrder | CheckMail],
    ) -> str: ...

    @service.handles(CancelOrder)
    def cancel(command: CancelOrder, connection: sqlite3.Connection) -> None: ...

    registry = App(service).registry
    says = {
        port: [each.name for each in said]
        for port, said in registry.says(registry.commands["orders.PlaceOrder"]).items()
    }
    assert says == {
        "execute": ["payment.ChargeCard"],
        "publish": ["orders.OrderPlaced"],
        "send": ["orders.CancelOrder", "mail.CheckMail"],
    }
