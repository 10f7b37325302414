from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense.rules.children import child_deadline, child_id, heard_id


def test_a_child_has_the_same_id_for_ever():
    assert child_id("parent", 0, "payment.ChargeCard") == "a0d1af7c-2142-8bf0-9197-8aab03ae9661"


@given(st.text(), st.integers(0, 10**6), st.text())
def test_a_childs_id_is_a_uuid_of_version_8(parent, ordinal, name):
    made = UUID(child_id(parent, ordinal, name))

    assert (made.version, made.variant) == (8, "specified in RFC 4122")


def test_children_differ_by_parent_place_and_name():
    ids = {child_id(parent, ordinal, name) for parent in ("a", "b") for ordinal in range(50) for name in ("x", "y")}

    assert len(ids) == 200


@pytest.mark.parametrize(
    ("own", "parent", "limit", "deadline"),
    [
        (None, None, None, None),
        (7.0, None, None, 7.0),
        (7.0, 5.0, None, 5.0),
        (7.0, 9.0, 60.0, 7.0),
        (None, 90.0, 60.0, 70.0),
        (None, None, 1.0, 11.0),
    ],
)
def test_a_childs_deadline_lies_within_its_parents_rest(own, parent, limit, deadline):
    assert child_deadline(10.0, own, parent, limit) == deadline


def test_a_sender_hears_anew_after_a_redrive():
    assert heard_id("1", 0) != heard_id("1", 1)
