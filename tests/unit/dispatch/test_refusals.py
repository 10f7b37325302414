"""What is refused when handlers are registered or an app is made: each says what, where and what next."""

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tense import (
    App,
    AsCommand,
    AsEvent,
    Clock,
    Command,
    Concluded,
    Contract,
    Event,
    Execute,
    Metadata,
    Publish,
    Rejection,
    Send,
    Service,
    Snapshot,
    Transaction,
)
from tense.errors import (
    DefinitionError,
    ExecuteCycleError,
    ForeignMessageError,
    MessageDefinitionError,
    NoHandlerError,
    NotAMessageError,
    ProvisionError,
    RegistrationError,
    TwoHandlersError,
    WireNameError,
)

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForCheckers

orders = Contract("orders")
payment = Contract("payment")
mail = Contract("mail")


class OutOfStock(Rejection):
    sku: str


class PlaceOrder(Command[str, OutOfStock], owner=orders, key="order_id"):
    order_id: str


class CancelOrder(Command, owner=orders):
    order_id: str


class OrderPlaced(Event, owner=orders, key="order_id"):
    order_id: str


class ChargeCard(Command[str], owner=payment):
    cents: int


class CardCharged(Event, owner=payment):
    cents: int


class CheckMail(Command[str], owner=mail):
    cents: int


async def handle_place_order(command: PlaceOrder) -> str:
    return command.order_id


def refused(error, act):
    with pytest.raises(error) as caught:
        act()
    assert isinstance(caught.value, DefinitionError)
    return str(caught.value)


# Who may handle and read what


def test_a_second_handler_in_one_service_is_refused_and_both_are_named():
    service = Service(orders)
    service.handles(PlaceOrder)(handle_place_order)

    text = refused(TwoHandlersError, lambda: service.handles(PlaceOrder)(handle_place_order))

    line = handle_place_order.__code__.co_firstlineno
    assert text.startswith(f"orders.PlaceOrder has two handlers: {__file__}:{line} and {__file__}:{line}.")
    assert "let one handle the command and publish an event that the other subscribes to" in text


def test_two_services_of_one_contract_are_refused():
    text = refused(RegistrationError, lambda: App(Service(orders), Service(orders)))

    assert text == "Two services run the contract 'orders'. One contract, one service."


def test_a_command_that_its_own_app_does_not_handle_is_refused_and_what_is_there_is_listed():
    ours, theirs = Service(orders), Service(payment)
    ours.handles(PlaceOrder)(handle_place_order)

    @theirs.subscribes(OrderPlaced)
    async def cancel(event: OrderPlaced, send: Send[CancelOrder]) -> None: ...

    text = refused(NoHandlerError, lambda: App(ours, theirs))

    assert text.startswith(
        "orders.CancelOrder has no handler. A command needs exactly one.\nRegistered here: orders.PlaceOrder ("
    )
    assert f"{__file__}:{handle_place_order.__code__.co_firstlineno}" in text
    assert "Write one with @service.handles in the service 'orders'" in text


def test_a_command_of_a_service_elsewhere_needs_no_handler_here():
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard]) -> str:
        return await charge(ChargeCard(cents=1))

    assert App(service).registry.commands.keys() == {"orders.PlaceOrder"}


def test_a_handler_for_another_contracts_command_is_refused():
    text = refused(ForeignMessageError, lambda: Service(mail).handles(PlaceOrder))

    assert text.startswith(f"mail cannot handle orders.PlaceOrder: it belongs to orders ({__file__}:")
    assert "Send it instead, or subscribe to one of its events." in text


def test_a_port_for_an_event_of_another_service_is_refused():
    async def place(command: PlaceOrder, publish: Publish[OrderPlaced | CardCharged]) -> str: ...

    text = refused(ForeignMessageError, lambda: Service(orders).handles(PlaceOrder)(place))

    assert f"{__name__}:" in text
    assert (
        f"({__file__}:{place.__code__.co_firstlineno}): orders cannot publish payment.CardCharged, which belongs to payment"
        in text
    )
    assert "send payment a command instead" in text


def test_a_subscriber_that_is_annotated_to_return_something_is_refused():
    async def read(event: OrderPlaced) -> str: ...

    text = refused(RegistrationError, lambda: Service(mail).subscribes(OrderPlaced)(read))

    assert "a subscriber returns nothing, its signature says str" in text
    assert "if somebody needs one, make OrderPlaced a command" in text


@pytest.mark.parametrize(
    ("register", "said"),
    [
        (
            lambda: Service(orders).handles(OrderPlaced),
            "orders.OrderPlaced is an event: nobody handles it, any number subscribe. Use @service.subscribes.",
        ),
        (
            lambda: Service(orders).subscribes(PlaceOrder),
            "orders.PlaceOrder is a command: it has one handler and no subscribers. Use @service.handles.",
        ),
        (
            lambda: Service(orders).hears(OrderPlaced),
            "orders.OrderPlaced is an event and has no outcome to hear. Use @service.subscribes.",
        ),
        (
            lambda: Service(orders).subscribes(asyncio.Event),
            "asyncio.locks.Event is neither a command nor an event: you want tense.Event, not asyncio.Event.",
        ),
    ],
)
def test_mixing_the_kinds_is_refused_with_the_right_verb(register, said):
    assert refused(NotAMessageError, register) == said


def test_a_service_needs_a_contract_and_room_for_one_handler():
    assert "Service(...) needs the Contract whose words it runs, got 'orders'" in refused(
        RegistrationError, lambda: Service("orders")
    )
    assert "at least one handler must run" in refused(RegistrationError, lambda: Service(orders, concurrency=0))


def test_an_app_needs_services():
    module = type("Module", (), {"service": Service(orders)})

    assert "App() has no services. Give it at least one: App(orders.service)." in refused(RegistrationError, App)
    assert "Pass the service object, as in App(orders.service)." in refused(RegistrationError, lambda: App(module))
    assert refused(RegistrationError, lambda: App("orders")) == "App(...) takes services, got 'orders'."


# Names and shapes


def test_two_classes_with_one_wire_name_in_one_app_are_refused():
    first, second = Service(orders), Service(mail)

    class Copy(Event, owner=orders, name="orders.OrderPlaced"):
        order_id: str

    async def read(event: OrderPlaced) -> None: ...
    async def read_copy(event: Copy) -> None: ...

    first.subscribes(OrderPlaced)(read)
    second.subscribes(Copy)(read_copy)

    text = refused(WireNameError, lambda: App(first, second))

    assert text.startswith(f"Two classes have the wire name 'orders.OrderPlaced': {__file__}:")
    assert text.endswith("Rename one, or give it another name with `name=`.")


def test_two_classes_with_one_wire_name_in_two_apps_are_fine():
    for _ in range(2):
        service = Service(mail)

        class OrderMoved(Event, owner=orders):
            order_id: str

        async def read(event: OrderMoved) -> None: ...

        service.subscribes(OrderMoved)(read)
        App(service)


def test_a_key_that_names_no_field_of_a_guest_is_refused_at_registration():
    @dataclass(frozen=True)
    class OrderMoved(AsEvent, owner=orders, key="order"):
        order_id: str

    text = refused(MessageDefinitionError, lambda: Service(mail).subscribes(OrderMoved))

    assert "key='order' names no field. Its fields are: order_id." in text


@dataclass(frozen=True)
class Hidden:
    """Fits."""

    inner: "Opaque"


class Opaque:
    """Nothing that JSON has a form for."""


class ShowOrder(Command, owner=orders):
    what: Hidden


class CountOrder(Command[Opaque], owner=orders):
    what: int


class PayOrder(AsCommand[int], owner=orders):
    """A guest of no kind that any codec knows."""


async def show(command: ShowOrder) -> None: ...
async def count(command: CountOrder) -> Opaque: ...
async def pay(command: PayOrder) -> int: ...


@pytest.mark.parametrize(
    ("message", "handler", "said"),
    [
        (ShowOrder, show, "orders.ShowOrder .*field what.inner has the type Opaque, which JSON has no form for"),
        (CountOrder, count, "orders.CountOrder .*Opaque cannot be written as JSON"),
        (PayOrder, pay, "orders.PayOrder .*PayOrder cannot be written as JSON"),
    ],
)
def test_what_the_codec_cannot_write_is_refused_when_the_app_is_made(message, handler, said):
    service = Service(orders)
    service.handles(message)(handler)

    with pytest.raises(MessageDefinitionError, match=said) as caught:
        App(service)

    assert __file__ in str(caught.value)


def test_a_result_or_rejection_that_does_not_exist_at_run_time_is_refused():
    class MoveOrder(Command["Nowhere"], owner=orders):  # noqa: F821 - on purpose
        order_id: str

    async def move(command: MoveOrder) -> None: ...

    service = Service(orders)
    service.handles(MoveOrder)(move)

    assert "Names in Command[...] must exist at run time." in refused(MessageDefinitionError, lambda: App(service))


def test_a_rejection_that_is_none_and_two_of_one_name_are_refused():
    class First(Rejection): ...

    class Second(Rejection): ...

    Second.__name__ = "First"

    for parameters, said in (
        (Command[int, ValueError], "is declared as a rejection but is no tense.Rejection"),
        (Command[int, First | Second], "declares two rejections named First"),
    ):

        class MoveOrder(parameters, owner=orders):
            order_id: str

        async def move(command: MoveOrder) -> int: ...

        service = Service(orders)
        service.handles(MoveOrder)(move)
        text = refused(MessageDefinitionError, lambda service=service: App(service))
        assert said in text
        assert f"orders.MoveOrder ({__file__}:" in text


# Signatures


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
        (sends_event, RegistrationError, "Send[OrderPlaced] mixes the kinds: it is a event, use Publish."),
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
