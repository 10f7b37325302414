"""What is refused when handlers are registered or an app is made: each says what, where and what next."""

import asyncio

import pytest
import three_contracts
from three_contracts import (
    CancelOrder,
    CardCharged,
    ChargeCard,
    OrderPlaced,
    PlaceOrder,
    handle_place_order,
    mail,
    orders,
    payment,
    refused,
)

from tense import (
    App,
    Execute,
    Publish,
    Send,
    Service,
)
from tense.errors import (
    ForeignMessageError,
    NoHandlerError,
    NotAMessageError,
    RegistrationError,
    TwoHandlersError,
)

HANDLED_AT = f"{three_contracts.__file__}:{handle_place_order.__code__.co_firstlineno}"


# Who may handle and read what


def test_a_second_handler_in_one_service_is_refused_and_both_are_named():
    service = Service(orders)
    service.handles(PlaceOrder)(handle_place_order)

    text = refused(TwoHandlersError, lambda: service.handles(PlaceOrder)(handle_place_order))

    assert text.startswith(f"orders.PlaceOrder has two handlers: {HANDLED_AT} and {HANDLED_AT}.")
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
    assert HANDLED_AT in text
    assert "Write one with @service.handles in the service 'orders'" in text


def test_a_command_of_a_service_elsewhere_needs_no_handler_here():
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, charge: Execute[ChargeCard]) -> str:
        return await charge(ChargeCard(cents=1))

    @service.handles(CancelOrder)
    async def cancel(command: CancelOrder) -> None: ...

    assert App(service).registry.commands.keys() == {"orders.PlaceOrder", "orders.CancelOrder"}


def test_a_command_that_stands_beside_the_others_and_that_nobody_handles_is_refused():
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> str:
        return ""

    text = refused(NoHandlerError, lambda: App(service))

    assert text.startswith("orders.CancelOrder has no handler. A command needs exactly one.")


def test_a_handler_for_another_contracts_command_is_refused():
    text = refused(ForeignMessageError, lambda: Service(mail).handles(PlaceOrder))

    assert text.startswith(f"mail cannot handle orders.PlaceOrder: it belongs to orders ({three_contracts.__file__}:")
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
