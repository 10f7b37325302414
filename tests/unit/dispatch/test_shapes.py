"""Names and shapes of messages that are refused when an app is made: each says what, where and what next."""

from dataclasses import dataclass

import pytest
import three_contracts
from three_contracts import OrderPlaced, mail, orders, refused

from tense import (
    App,
    AsCommand,
    AsEvent,
    Command,
    Event,
    Rejection,
    Service,
)
from tense.errors import (
    MessageDefinitionError,
    WireNameError,
)


def test_two_classes_with_one_wire_name_in_one_app_are_refused():
    first, second = Service(orders), Service(mail)

    class Copy(Event, owner=orders, name="orders.OrderPlaced"):
        order_id: str

    async def read(event: OrderPlaced) -> None: ...
    async def read_copy(event: Copy) -> None: ...

    first.subscribes(OrderPlaced)(read)
    second.subscribes(Copy)(read_copy)

    text = refused(WireNameError, lambda: App(first, second))

    assert text.startswith(f"Two classes have the wire name 'orders.OrderPlaced': {three_contracts.__file__}:")
    assert f" and {__file__}:" in text
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
    class MoveOrder(Command["Nowhere"], owner=orders):
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
