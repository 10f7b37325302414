import copy
import pickle

import pytest

from tense import Rejection
from tense.errors import MessageDefinitionError
from tense.messages.rejection import fields_of


class OutOfStock(Rejection):
    sku: str
    left: int = 0


class EmptyOrder(Rejection): ...


class SoldOut(OutOfStock):
    since: str = "ever"


def test_a_rejection_is_a_keyword_only_dataclass_that_can_be_raised():
    with pytest.raises(OutOfStock) as refused:
        raise OutOfStock(sku="a")

    assert (refused.value.sku, refused.value.left) == ("a", 0)
    with pytest.raises(TypeError):
        OutOfStock("a")


def test_a_rejection_reads_as_it_was_written():
    assert str(OutOfStock(sku="a", left=2)) == repr(OutOfStock(sku="a", left=2)) == "OutOfStock(sku='a', left=2)"
    assert str(EmptyOrder()) == "EmptyOrder()"


@pytest.mark.parametrize("rejection", [OutOfStock(sku="a", left=2), EmptyOrder(), SoldOut(sku="b", since="May")])
@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_rejection_travels_between_processes(rejection, way):
    other = way(rejection)

    assert type(other) is type(rejection)
    assert fields_of(other) == fields_of(rejection)


def test_rejections_are_hashed_and_compared_by_identity():
    one, other = OutOfStock(sku="a"), OutOfStock(sku="a")

    assert one != other
    assert len({one, other, one}) == 2


def test_a_rejection_may_be_given_notes_and_a_cause():
    rejection = OutOfStock(sku="a")
    rejection.add_note("from the north store")
    rejection.__cause__ = ValueError("no")

    assert rejection.__notes__ == ["from the north store"]


def test_the_fields_of_a_subclass_include_those_of_its_parent():
    assert fields_of(SoldOut(sku="a")) == {"sku": "a", "left": 0, "since": "ever"}


def test_a_rejection_takes_no_class_keywords():
    with pytest.raises(
        MessageDefinitionError, match=r"Refused is a Rejection and takes no class keywords \(got owner\)"
    ):

        class Refused(Rejection, owner="orders"): ...
