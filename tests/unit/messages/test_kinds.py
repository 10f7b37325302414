import asyncio
import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tense import AsCommand, AsEvent, Command, Contract, Event, Service
from tense.errors import MessageDefinitionError, NotAMessageError
from tense.messages.declaration import declaration_of, is_message
from tense.messages.kinds import field_names

orders = Contract("orders")


class PlaceOrder(Command[int], owner=orders, key="order_id", deadline=timedelta(minutes=1)):
    order_id: str
    quantity: int = 1


def test_a_class_declares_what_its_keywords_say():
    declared = declaration_of(PlaceOrder)

    assert (declared.kind, declared.owner, declared.name, declared.version) == (
        "command",
        orders,
        "orders.PlaceOrder",
        1,
    )
    assert (declared.key, declared.deadline, declared.aggregate) == ("order_id", timedelta(minutes=1), "order")


def test_a_class_knows_where_it_is_written():
    declared = declaration_of(PlaceOrder)

    line = Path(__file__).read_text().splitlines()[declared.line - 1]
    assert declared.file == __file__
    assert line.startswith("class PlaceOrder(")


def test_a_message_is_frozen_keyword_only_and_compared_by_value():
    command = PlaceOrder(order_id="1")

    with pytest.raises(AttributeError):
        command.order_id = "2"
    with pytest.raises(TypeError):
        PlaceOrder("1")
    assert command == PlaceOrder(order_id="1", quantity=1)


def test_a_name_may_be_given_by_hand():
    class Whatever(Event, owner=orders, name="shop/OrderPlaced", version=4):
        order_id: str

    declared = declaration_of(Whatever)
    assert (declared.name, declared.version, declared.kind) == ("shop/OrderPlaced", 4, "event")


def test_bare_commands_have_neither_result_nor_rejections():
    class Nudge(Command, owner=orders): ...

    assert declaration_of(Nudge).parameters == ()


def define_command(**keywords):
    return lambda: type(Command)(
        "CancelOrder", (Command,), {"__annotations__": {"order_id": str}, "__module__": __name__}, **keywords
    )


def define_event(**keywords):
    return lambda: type(Event)(
        "OrderMoved", (Event,), {"__annotations__": {"order_id": str}, "__module__": __name__}, **keywords
    )


@pytest.mark.parametrize(
    ("define", "said"),
    [
        (define_command(), r"CancelOrder needs `owner=`, the Contract that owns its name and schema \(got nothing\)"),
        (define_command(owner="orders"), r"got 'orders'\)\. Write `orders = Contract\(\"orders\"\)` once and pass it"),
        (define_command(owner=Service(orders)), r"needs `owner=`, the Contract .*got Service\('orders'"),
        (
            define_command(owner=orders, kye="order_id"),
            r"CancelOrder has no use for the keyword 'kye'\. A command takes deadline, key, name, owner, version",
        ),
        (
            define_event(owner=orders, deadline=timedelta(1)),
            r"OrderMoved has no use for the keyword 'deadline'\. An event takes key, name, owner, version",
        ),
        (define_command(owner=orders, key="order"), r"key='order' names no field\. Its fields are: order_id"),
        (define_command(owner=orders, version=0), r"`version=` counts from 1, got 0"),
        (define_command(owner=orders, version="2"), r"`version=` counts from 1, got '2'"),
        (define_command(owner=orders, version=True), r"`version=` counts from 1, got True"),
        (
            define_command(owner=orders, name="place order"),
            r"`name=` must be printable text without spaces, got 'place order'",
        ),
        (define_command(owner=orders, name=""), r"`name=` must be printable text"),
        (
            define_command(owner=orders, deadline=30),
            r"`deadline=` is a positive timedelta, counted from sending; got 30",
        ),
        (define_command(owner=orders, deadline=timedelta(0)), r"`deadline=` is a positive timedelta"),
        (
            lambda: Command[int, ValueError, str],
            r"Command\[Result, Rejections\] takes two arguments, got 3\. Join rejections with '\|'",
        ),
        (Command[int], r"cannot be instantiated\. Derive your own class"),
    ],
)
def test_a_class_that_cannot_work_is_refused_where_it_is_defined(define, said):
    with pytest.raises(MessageDefinitionError, match=said):
        define()


class Namesake(asyncio.Event): ...


class BaseCommand:
    """As Django names the parent of its management commands."""


BaseCommand.__module__ = "django.core.management.base"


class Migrate(BaseCommand): ...


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (asyncio.Event, "you want tense.Event, not asyncio.Event"),
        (Namesake, "you want tense.Event, not asyncio.Event"),
        (threading.Event, "you want tense.Event, not threading.Event"),
        (Migrate, "you want tense.Command, not Django's management command"),
        (
            int,
            r"builtins\.int is neither a command nor an event\. Derive it from tense\.Command\[\.\.\.\] or tense\.Event",
        ),
        (PlaceOrder(order_id="1"), r"PlaceOrder\(.*\) is no message class\. Pass the class itself"),
        (Command, "neither a command nor an event"),
        (None, "is no message class"),
    ],
)
def test_what_is_no_message_is_told_what_was_meant(thing, said):
    with pytest.raises(NotAMessageError, match=said):
        declaration_of(thing)
    assert not is_message(thing)


def test_a_subclass_of_a_message_is_no_message_of_its_own():
    with pytest.raises(MessageDefinitionError, match="needs `owner=`"):

        class Urgent(PlaceOrder): ...


def test_the_fields_of_any_guest_are_known():
    import attrs
    from pydantic import BaseModel

    class Modelled(BaseModel, AsEvent, owner=orders):
        a: int

    @attrs.frozen
    class Attributed(AsCommand[int], owner=orders):
        a: int
        b: str = ""

    assert field_names(Modelled) == ("a",)
    assert field_names(Attributed) == ("a", "b")
    assert field_names(PlaceOrder) == ("order_id", "quantity")
    assert field_names(int) == ()


def test_a_guest_made_a_second_time_for_its_slots_keeps_its_first_marking():
    from dataclasses import dataclass

    @dataclass(frozen=True, slots=True)
    class OrderLost(AsEvent, owner=orders, key="order_id", version=3):
        order_id: str

    declared = declaration_of(OrderLost)
    assert (declared.name, declared.version, declared.key) == ("orders.OrderLost", 3, "order_id")
    assert OrderLost("1").order_id == "1"
    assert not hasattr(OrderLost("1"), "__dict__")


def test_a_guest_keeps_the_class_keywords_of_its_own_base():
    from pydantic import BaseModel

    class Strict(BaseModel, AsEvent, owner=orders, extra="forbid", frozen=True):
        order_id: str

    assert Strict.model_config == {"extra": "forbid", "frozen": True}
    assert declaration_of(Strict).owner == orders


def test_a_guest_without_owner_is_refused():
    with pytest.raises(MessageDefinitionError, match="needs `owner=`"):

        class Lost(AsEvent): ...


def test_messages_are_structs_that_msgspec_reads():
    assert msgspec.json.decode(b'{"order_id": "1", "more": 2}', type=PlaceOrder) == PlaceOrder(order_id="1")


@pytest.mark.parametrize(
    ("key", "aggregate"),
    [("order_id", "order"), ("cart_item_id", "cart-item"), ("sku", "sku"), ("_id", "events"), (None, "events")],
)
def test_an_aggregate_is_named_after_the_key(key, aggregate):
    fields = {"__annotations__": {key: str} if key else {}, "__module__": __name__}

    moved = type(Event)("Moved", (Event,), fields, owner=orders, key=key)

    assert declaration_of(moved).aggregate == aggregate
