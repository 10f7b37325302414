from datetime import timedelta

import pytest

from tense import Command, Contract, Event, upcast
from tense.adapters.codecs.json import JsonCodec
from tense.dispatch.envelopes import Envelopes
from tense.errors import MessageTooLargeError, NotAMessageError, UndecodableError, UnencodableError
from tense.messages.metadata import Metadata
from tense.testing import HandClock, SeededChance

shop = Contract("shop")


class PlaceOrder(Command[str], owner=shop, key="number", version=2, deadline=timedelta(seconds=30)):
    number: int
    note: str = ""


class Odd(Event, owner=shop):
    anything: object


@upcast(PlaceOrder, version=1)
def from_text(fields):
    return {"number": int(fields["order"])}


@pytest.fixture
def envelopes():
    return Envelopes(JsonCodec(), HandClock(start=1000.0), SeededChance(), max_body=100)


def test_an_envelope_says_everything_that_the_class_declares(envelopes):
    envelope = envelopes.wrap(PlaceOrder(number=7), source="desk")

    said = envelope.metadata
    assert (said.kind, said.type, said.dataversion, said.partitionkey) == ("command", "shop.PlaceOrder", 2, "7")
    assert (said.source, said.time, said.deadline, said.causationid) == ("desk", 1000.0, 1030.0, None)
    assert (envelope.service, envelope.channel, envelope.due) == ("shop", "shop", 0.0)


@pytest.mark.parametrize(
    ("given", "due", "deadline"),
    [(None, 0.0, 1030.0), (1010.0, 0.0, 1010.0), (1090.0, 0.0, 1030.0), (None, 1100.0, 1130.0)],
)
def test_the_earlier_deadline_counts_and_is_counted_from_when_it_may_start(envelopes, given, due, deadline):
    assert envelopes.wrap(PlaceOrder(number=1), deadline=given, due=due).metadata.deadline == deadline


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_refused_with_both_figures(envelopes):
    room = 100 - len(envelopes.codec.encode(PlaceOrder(number=1)))

    envelopes.wrap(PlaceOrder(number=1, note="x" * room))
    with pytest.raises(
        MessageTooLargeError, match=r"shop\.PlaceOrder has 101 bytes; the limit is 100\. Keep large things elsewhere"
    ) as caught:
        envelopes.wrap(PlaceOrder(number=1, note="x" * (room + 1)))

    assert (caught.value.size, caught.value.limit) == (101, 100)


def test_what_cannot_be_written_and_what_is_no_message_are_refused(envelopes):
    with pytest.raises(UnencodableError):
        envelopes.wrap(Odd(anything=object()))
    with pytest.raises(NotAMessageError):
        envelopes.wrap("text")


def opened(envelopes, body, version=2, own=False):
    metadata = Metadata(id="1", kind="command", type="shop.PlaceOrder", dataversion=version)
    return envelopes.unwrap(PlaceOrder, metadata, body, own=own)


def test_what_was_wrapped_is_unwrapped(envelopes):
    envelope = envelopes.wrap(PlaceOrder(number=7, note="é"))

    assert envelopes.unwrap(PlaceOrder, envelope.metadata, envelope.body, own=True) == PlaceOrder(number=7, note="é")


def test_an_old_version_is_brought_up_before_it_is_decoded(envelopes):
    assert opened(envelopes, b'{"order": "12"}', version=1) == PlaceOrder(number=12)


@pytest.mark.parametrize(
    ("body", "version", "said"),
    [
        (b"hello", 2, "not a PlaceOrder"),
        (b"[]", 1, "not a dict"),
        (b'{"order": "x"}', 1, "upcasting from version 1 failed"),
        (b'{"order": "1", "order": "2"}', 1, "stands twice"),
        (b'{"number": 1, "number": 2}', 2, "stands twice"),
        (b'{"number": 1, "note": "' + b"x" * 100 + b'"}', 2, "125 bytes, over the limit of 100"),
        (b'{"order": "1", "note": "' + b"x" * 100 + b'"}', 1, "over the limit of 100"),
    ],
)
def test_broken_bytes_are_undecodable_whatever_their_version(envelopes, body, version, said):
    with pytest.raises(UndecodableError, match=said):
        opened(envelopes, body, version)


def test_bytes_of_ones_own_encoder_are_not_checked_twice(envelopes):
    assert opened(envelopes, b'{"number": 1, "number": 2}', own=True) == PlaceOrder(number=2)
