"""The judge is judged: ledgers with each fault, and one without."""

import pytest

from tense.testing.ledger import Ledger


def ledger(expected=("billing",)) -> Ledger:
    """Two accepted messages of one key, both delivered and done."""
    made = Ledger(expected)
    for id_ in ("a", "b"):
        made.start(id_, key="k")
        made.answer(id_, "ok")
    for id_ in ("a", "b"):
        made.deliver("billing", id_)
        made.settle("billing", id_, "done")
    return made


def kinds(made: Ledger) -> list[tuple[str, str]]:
    return [(fault.kind, fault.id) for fault in made.faults()]


def test_a_run_without_a_fault_has_none():
    assert ledger().faults() == []


def test_what_was_accepted_and_never_seen_is_lost():
    made = ledger()

    made.start("c")
    made.answer("c", "ok")

    assert kinds(made) == [("lost", "c")]


def test_each_expected_consumer_must_see_it():
    made = ledger(expected=("billing", "email"))

    assert kinds(made) == [("lost", "a"), ("lost", "b")]
    assert {fault.consumer for fault in made.faults()} == {"email"}


@pytest.mark.parametrize("end", ["dead", "expired", "pending"])
def test_what_is_listed_at_the_end_is_not_lost(end):
    made = ledger()

    made.start("c")
    made.answer("c", "ok")
    made.settle("billing", "c", end)

    assert made.faults() == []


@pytest.mark.parametrize("appears", [True, False])
def test_an_unanswered_send_may_appear_or_not(appears):
    made = ledger()

    made.start("c")
    if appears:
        made.deliver("billing", "c")
        made.settle("billing", "c", "done")

    assert made.faults() == []


def test_what_was_never_sent_is_a_phantom():
    made = ledger()

    made.deliver("billing", "ghost")
    made.settle("billing", "ghost", "done")

    assert kinds(made) == [("phantom", "ghost")]


def test_what_was_refused_and_delivered_is_a_phantom():
    made = ledger()

    made.start("c")
    made.answer("c", "failed")
    made.deliver("billing", "c")
    made.settle("billing", "c", "done")

    assert kinds(made) == [("phantom", "c")]


def test_done_twice_is_duplicated_and_delivered_twice_is_not():
    made = ledger()

    made.deliver("billing", "a", attempt=2)
    assert made.faults() == []
    made.settle("billing", "a", "done")

    assert kinds(made) == [("duplicated", "a")]


def test_the_second_of_a_key_before_the_first_is_out_of_order():
    made = Ledger(("billing",))
    for id_, key in (("a", "k"), ("b", "k"), ("x", "other")):
        made.start(id_, key)
        made.answer(id_, "ok")

    for id_ in ("x", "b", "a"):
        made.deliver("billing", id_)
        made.settle("billing", id_, "done")

    assert kinds(made) == [("out of order", "a")]
    assert "after b of the same key 'k'" in str(made.faults()[0])


def test_without_a_key_there_is_no_order():
    made = Ledger(("billing",))
    for id_ in ("a", "b"):
        made.start(id_)
        made.answer(id_, "ok")

    for id_ in ("b", "a"):
        made.deliver("billing", id_)
        made.settle("billing", id_, "done")

    assert made.faults() == []


def test_what_was_delivered_and_has_no_end_is_never_settled():
    made = ledger()

    made.start("c")
    made.answer("c", "ok")
    made.deliver("billing", "c")

    assert kinds(made) == [("never settled", "c")]


def test_counts_say_how_it_went():
    assert ledger().counts() == {"accepted": 2, "failed": 0, "unknown": 0, "delivered": 2, "done": 2}
