import msgspec
import pytest

from tense import Command, CommandCancelled, CommandExpired, CommandFailed, Contract, Rejection
from tense.adapters.codecs.json import JsonCodec
from tense.dispatch.answers import Answering
from tense.errors import UndecodableError, UnencodableError
from tense.messages.outcome import Cancelled, Completed, Expired, Failed, Rejected

shop = Contract("shop")


class Receipt(msgspec.Struct):
    cents: int


class Sold(Rejection):
    sku: str
    left: int | None = None


class Elsewhere(Rejection): ...


class Place(Command[Receipt, Sold], owner=shop): ...


class Nudge(Command, owner=shop): ...


class Perhaps(Command[Receipt | None], owner=shop): ...


@pytest.fixture
def answering():
    return Answering(JsonCodec())


def told(answering, command, outcome):
    return answering.value(command, "id", "shop.Place", outcome)


@pytest.mark.parametrize(
    ("command", "result"), [(Place, Receipt(5)), (Nudge, None), (Perhaps, None), (Perhaps, Receipt(1))]
)
def test_a_result_comes_back_as_what_it_was(answering, command, result):
    assert told(answering, command, answering.outcome(command, result)) == result


def test_a_declared_rejection_comes_back_as_what_it_was(answering):
    back = told(answering, Place, answering.rejected(Place, Sold(sku="a", left=2)))

    assert (type(back), back.sku, back.left) == (Sold, "a", 2)


def test_an_undeclared_rejection_is_no_outcome(answering):
    class Sold(Rejection):
        """A namesake."""

    assert answering.rejected(Place, Elsewhere()) is None
    assert answering.rejected(Place, Sold()) is None
    assert answering.rejected(Nudge, Elsewhere()) is None


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(Failed("why"), CommandFailed), (Expired("why"), CommandExpired), (Cancelled("why"), CommandCancelled)],
)
def test_no_answer_says_which_command_and_why(answering, outcome, error):
    value = told(answering, Place, outcome)

    assert (type(value), value.id, value.command, value.reason) == (error, "id", "shop.Place", "why")
    with pytest.raises(error, match=r"shop\.Place id .*: why"):
        answering.result(Place, "id", "shop.Place", outcome)
    with pytest.raises(error):
        answering.answer(Place, "id", "shop.Place", outcome)


def test_a_rejection_is_raised_as_a_result_and_given_as_an_outcome(answering):
    refusal = Rejected("Sold", msgspec.Raw(b'{"sku":"a"}'))

    with pytest.raises(Sold, match="a"):
        answering.result(Place, "id", "shop.Place", refusal)
    assert answering.answer(Place, "id", "shop.Place", refusal).sku == "a"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (
            Rejected("Unheard", msgspec.Raw(b"{}")),
            "was refused with Unheard, which this version of its contract does not declare",
        ),
        (Rejected("Sold", msgspec.Raw(b'{"sku": 5}')), "not a SoldFields"),
        (Rejected("Sold", msgspec.Raw(b"{}")), "not a Sold"),
        (Completed(msgspec.Raw(b'{"cents": "many"}')), "not a Receipt"),
        (Completed(msgspec.Raw(b"null")), "not a Receipt"),
    ],
)
def test_an_outcome_that_this_code_does_not_know_is_undecodable(answering, outcome, said):
    with pytest.raises(UndecodableError, match=said):
        told(answering, Place, outcome)


def test_a_result_that_cannot_be_written_is_unencodable(answering):
    with pytest.raises(UnencodableError):
        answering.outcome(Place, object())
