from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense import Command, Contract, Rejection
from tense.errors import ExecuteCycleError, MessageDefinitionError
from tense.rules.routing import answers_of, refuse_cycles

shop = Contract("shop")


class Empty(Rejection): ...


class Sold(Rejection):
    sku: str


class Whole(Command["Receipt", "Empty | Sold"], owner=shop):
    """Names in quotes, one of them written further down."""


class Receipt:
    """Written after the command that promises it."""


class Plain(Command[int, Empty | Sold], owner=shop): ...


class Single(Command[str | None, Sold], owner=shop): ...


class Bare(Command, owner=shop): ...


class Nothing(Command[None], owner=shop): ...


@pytest.mark.parametrize(
    ("command", "result", "rejections"),
    [
        (Whole, Receipt, {"Empty": Empty, "Sold": Sold}),
        (Plain, int, {"Empty": Empty, "Sold": Sold}),
        (Single, str | None, {"Sold": Sold}),
        (Bare, None, {}),
        (Nothing, None, {}),
    ],
)
def test_what_a_command_may_be_answered_with_is_read_from_its_declaration(command, result, rejections):
    answers = answers_of(command)

    assert (answers.result, answers.rejections) == (result, rejections)


def test_a_name_that_does_not_exist_is_refused():
    class Lost(Command["Nowhere"], owner=shop): ...

    with pytest.raises(MessageDefinitionError, match=r"shop\.Lost .*name 'Nowhere' is not defined"):
        answers_of(Lost)


edges = st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=3), max_size=8)


@given(edges)
def test_exactly_what_goes_in_circles_is_refused(waits):
    def reaches(start, goal, seen=()):
        following = waits.get(start, ())
        return goal in following or any(reaches(each, goal, (*seen, each)) for each in following if each not in seen)

    circular = any(reaches(service, service) for service in waits)

    if circular:
        with pytest.raises(ExecuteCycleError) as caught:
            refuse_cycles({str(k): map(str, v) for k, v in waits.items()})
        path = [int(each) for each in caught.value.path]
        assert path[0] == path[-1]
        assert all(after in waits[before] for before, after in pairwise(path))
    else:
        refuse_cycles({str(k): [str(each) for each in v] for k, v in waits.items()})


def test_waiting_for_oneself_is_explained():
    with pytest.raises(ExecuteCycleError, match="A service cannot wait for itself: the handler would hold the lane"):
        refuse_cycles({"orders": ["orders"]})
