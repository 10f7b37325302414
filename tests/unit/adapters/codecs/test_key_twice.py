"""A key that stands twice is seen, also where a body is only looked at by writing it anew."""

import msgspec
import pytest

from tense.adapters.codecs.json import JsonCodec
from tense.errors import UndecodableError


@pytest.fixture
def codec() -> JsonCodec:
    return JsonCodec()


class Wrapped(msgspec.Struct):
    kept: msgspec.Raw


def test_a_key_twice_in_what_is_kept_as_it_came_is_refused(codec):
    with pytest.raises(UndecodableError, match="stands twice"):
        codec.decode(b'{"kept":{"a":1,"a":1}}', Wrapped, strict=True)


class Changing(msgspec.Struct):
    name: str

    def __post_init__(self) -> None:
        self.name = 1j  # type: ignore[assignment]  # nothing that could be written again


def test_what_cannot_be_written_again_can_be_read(codec):
    assert codec.decode(b'{"name":"a"}', Changing, strict=True).name == 1j
    with pytest.raises(UndecodableError, match="stands twice"):
        codec.decode(b'{"name":"a","name":"b"}', Changing, strict=True)


def test_a_key_twice_far_inside_is_refused(codec):
    deep = Wrapped
    for number in range(20):
        deep = msgspec.defstruct(f"Deep{number}", [("in_", deep)])
    body = b'{"in_":' * 20 + b'{"kept":{"a":1,"a":1}}' + b"}" * 20
    with pytest.raises(UndecodableError, match="stands twice"):
        codec.decode(body, deep, strict=True)
