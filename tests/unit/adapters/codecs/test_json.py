"""The JSON codec: what it writes it reads back; what is broken is always the same error, however it is broken."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from uuid import UUID

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tense import AsCommand, AsEvent, Command, Contract, Event
from tense.adapters.codecs.json import JsonCodec
from tense.errors import UndecodableError, UnencodableError

shop = Contract("shop")


class Colour(Enum):
    RED = "red"


class Address(BaseModel):
    street: str
    city: str = "Bern"


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int = 1


@attrs.frozen
class Price:
    cents: int


class PlaceOrder(Command[str], owner=shop, key="order_id"):
    order_id: str
    lines: tuple[Line, ...] = ()
    to: Address | None = None
    price: Price | None = None
    colour: Colour = Colour.RED
    at: datetime | None = None
    within: timedelta | None = None
    total: Decimal = Decimal(0)
    trace: UUID | None = None
    weight: float = 0.0
    count: int = 0
    tags: dict[str, list[int]] = msgspec.field(default_factory=dict)


class Modelled(BaseModel, AsCommand[str], owner=shop):
    order_id: str
    to: Address
    lines: list[Line] = []


@dataclass(frozen=True, slots=True)
class Slotted(AsEvent, owner=shop):
    order_id: str
    to: Address


@attrs.frozen
class Attributed(AsEvent, owner=shop):
    order_id: str
    price: Price


FULL = PlaceOrder(
    order_id="1",
    lines=(Line("a", 2),),
    to=Address(street="Main"),
    price=Price(5),
    at=datetime(2026, 5, 1, 12, tzinfo=UTC),
    within=timedelta(minutes=3),
    total=Decimal("1.50"),
    trace=UUID(int=7),
    weight=0.1,
    count=-3,
    tags={"a": [1, 2]},
)


@pytest.fixture
def codec():
    return JsonCodec()


@pytest.mark.parametrize(
    "value",
    [
        FULL,
        Modelled(order_id="1", to=Address(street="Main"), lines=[Line("a")]),
        Slotted("1", Address(street="Main")),
        Attributed("1", Price(5)),
        Address(street="Main", city="Biel"),
        Line("a"),
        Price(3),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_written_is_read_back(codec, value, strict):
    codec.check(type(value))

    assert codec.decode(codec.encode(value), type(value), strict=strict) == value


def test_fields_that_a_reader_does_not_know_are_ignored(codec):
    body = b'{"order_id": "1", "colour": "red", "invented": {"later": [1]}}'

    assert codec.decode(body, PlaceOrder, strict=True) == PlaceOrder(order_id="1")


NESTED = 100_000
BROKEN = {
    "nothing": b"",
    "white space": b" \n ",
    "no JSON": b"hello",
    "half an object": b'{"order_id": "1"',
    "two values": b'{"order_id": "1"} {"order_id": "2"}',
    "an array": b'["1"]',
    "a number": b"1",
    "null": b"null",
    "a missing field": b'{"count": 1}',
    "a field of another type": b'{"order_id": 1}',
    "null for a text": b'{"order_id": null}',
    "a number as text": b'{"order_id": "1", "count": "5"}',
    "a fraction for a whole number": b'{"order_id": "1", "count": 1.5}',
    "deep nesting": b'{"order_id": "1", "tags": ' + b"[" * NESTED + b"]" * NESTED + b"}",
    "deep nesting in an unknown field": b'{"order_id": "1", "more": ' + b"[" * NESTED + b"]" * NESTED + b"}",
    "deep nesting that never ends": b'{"a":' * NESTED,
    "NaN": b'{"order_id": "1", "weight": NaN}',
    "infinity": b'{"order_id": "1", "weight": Infinity}',
    "minus infinity": b'{"order_id": "1", "weight": -Infinity}',
    "NaN in an unknown field": b'{"order_id": "1", "more": NaN}',
    "a figure beyond any float": b'{"order_id": "1", "weight": 1e999}',
    "a huge whole number": b'{"order_id": "1", "count": ' + b"9" * 5000 + b"}",
    "a key twice": b'{"order_id": "1", "order_id": "2"}',
    "a key twice, written differently": b'{"order_id": "1", "order\\u005fid": "2"}',
    "a key twice, deep inside": b'{"order_id": "1", "tags": {"a": [1], "a": [2]}}',
    "a key twice in an unknown field": b'{"order_id": "1", "more": {"a": 1, "a": 2}}',
    "half a surrogate pair": b'{"order_id": "\\ud800"}',
    "a surrogate in bytes": b'{"order_id": "\xed\xa0\x80"}',
    "bytes that are no UTF-8": b'{"order_id": "\xff\xfe"}',
    "UTF-16": '{"order_id": "1"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"order_id": "1"}',
    "a control character": b'{"order_id": "a\x00b"}',
    "a leading nought": b'{"order_id": "1", "count": 007}',
    "a trailing comma": b'{"order_id": "1",}',
    "a comment": b'{"order_id": "1"} // so',
    "single quotes": b"{'order_id': '1'}",
    "a date that is none": b'{"order_id": "1", "at": "2026-02-30T00:00:00Z"}',
    "an unknown member of an enumeration": b'{"order_id": "1", "colour": "blue"}',
    "an id that is none": b'{"order_id": "1", "trace": "x"}',
    "a guest of the wrong shape": b'{"order_id": "1", "to": {"city": "Bern"}}',
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_broken_bytes_are_undecodable_and_nothing_else(codec, body):
    with pytest.raises(UndecodableError, match=r"^not a PlaceOrder: .") as refused:
        codec.decode(body, PlaceOrder, strict=True)

    assert len(str(refused.value)) < 600
    assert "\n" not in str(refused.value)


GUEST_BROKEN = {
    "no JSON": b"hello",
    "nothing": b"",
    "a missing field": b'{"order_id": "1"}',
    "deep nesting": b'{"order_id": "1", "to": ' + b"[" * NESTED + b"]" * NESTED + b"}",
    "a key twice": b'{"order_id": "1", "order_id": "2", "to": {"street": "a"}}',
    "NaN": b'{"order_id": NaN, "to": {"street": "a"}}',
    "half a surrogate pair": b'{"order_id": "\\ud800", "to": {"street": "a"}}',
    "bytes that are no UTF-8": b'{"order_id": "\xff", "to": {"street": "a"}}',
    "a huge whole number": b'{"order_id": ' + b"9" * 5000 + b', "to": {"street": "a"}}',
}


@pytest.mark.parametrize("guest", [Modelled, Slotted], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("body", GUEST_BROKEN.values(), ids=GUEST_BROKEN)
def test_broken_bytes_of_guests_are_undecodable_and_nothing_else(codec, guest, body):
    with pytest.raises(UndecodableError):
        codec.decode(body, guest, strict=True)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_undecodable(body):
    codec = JsonCodec()
    for cls in (PlaceOrder, Modelled, Slotted, dict[str, int], int):
        try:
            codec.decode(body, cls, strict=True)
        except UndecodableError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["order_id", "lines", "to", "at", "tags", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_message_or_undecodable(value):
    codec = JsonCodec()
    body = json.dumps(value, ensure_ascii=True).encode()
    for cls in (PlaceOrder, Modelled, Slotted, Attributed):
        try:
            found = codec.decode(body, cls, strict=True)
        except UndecodableError:
            continue
        assert isinstance(found, cls)


class Opaque:
    """Nothing that JSON has a form for."""


class Odd(Event, owner=shop):
    anything: object


@pytest.mark.parametrize(
    "value",
    [
        Odd(anything=Opaque()),
        Opaque(),
        Odd(anything="\ud800"),
        Odd(anything={(1, 2): 3}),
        Odd(anything=float("nan")),
        Odd(anything={"a": [1.0, float("-inf")]}),
    ],
)
def test_content_that_json_has_no_form_for_is_unencodable(codec, value):
    with pytest.raises(UnencodableError, match="cannot be written as JSON"):
        codec.encode(value)


def test_content_that_contains_itself_is_unencodable(codec):
    circle = []
    circle.append(circle)

    with pytest.raises(UnencodableError, match="cannot be written as JSON"):
        codec.encode(Odd(anything=circle))


class Structured(msgspec.Struct):
    inner: list[Opaque]


@pytest.mark.parametrize("cls", [Opaque, Structured, list[Opaque], dict[str, Structured]])
def test_a_class_that_could_never_be_written_is_refused_beforehand(codec, cls):
    with pytest.raises(UnencodableError, match="Opaque"):
        codec.check(cls)


class Tree(msgspec.Struct):
    children: list["Tree"] = []


def test_a_class_that_contains_itself_may_be_written(codec):
    codec.check(Tree)

    assert codec.decode(codec.encode(Tree([Tree()])), Tree, strict=True) == Tree([Tree()])
