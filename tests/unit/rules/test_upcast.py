import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense.errors import UndecodableError
from tense.rules.upcast import missing_steps, upcasted


def adding(number):
    return lambda fields: {**fields, "path": [*fields.get("path", []), number]}


@given(st.integers(1, 8), st.integers(1, 8))
def test_old_fields_go_through_every_step_between_in_order(version, current):
    steps = {number: adding(number) for number in range(1, 9)}

    fields = upcasted({}, version, current, steps)

    assert fields.get("path", []) == list(range(version, current))


def test_a_missing_step_is_undecodable():
    with pytest.raises(UndecodableError, match="version 2 is older than this code knows, and nothing upcasts it"):
        upcasted({}, 1, 3, {1: adding(1)})


def test_an_upcaster_that_fails_makes_its_message_undecodable_and_says_why():
    with pytest.raises(UndecodableError, match=r"upcasting from version 1 failed: KeyError\('street'\)"):
        upcasted({}, 1, 2, {1: lambda fields: {"to": fields["street"]}})


@pytest.mark.parametrize("given", [None, [], "text"])
def test_an_upcaster_must_give_fields(given):
    with pytest.raises(UndecodableError, match=r"the upcaster of version 1 gave .* and not a dict"):
        upcasted({}, 1, 2, {1: lambda _: given})


@pytest.mark.parametrize(
    ("covered", "current", "missing"),
    [((), 5, ()), ((1, 2), 3, ()), ((1, 3), 4, (2,)), ((2,), 5, (3, 4)), ((4,), 5, ())],
)
def test_gaps_between_upcasters_are_found(covered, current, missing):
    assert missing_steps(dict.fromkeys(covered, adding(0)), current) == missing
