from datetime import timedelta

import pytest

from tense import Metadata, Rejection, Retry
from tense.errors import DuplicateIdError, UndecodableError, WorkflowError
from tense.messages.outcome import Expired, Failed
from tense.messages.settlement import LANE, Again, Buried, Done
from tense.rules.retry import UNKNOWN_TYPE
from tense.rules.settle import (
    LONGEST_TEXT,
    Trouble,
    bury,
    clip,
    settle_crashed,
    settle_expired,
    settle_failure,
    settle_unknown,
    strand_of,
)

COMMAND = Metadata(id="1", kind="command", type="shop.PlaceOrder", partitionkey="k")
EVENT = Metadata(id="2", kind="event", type="shop.OrderPlaced")
POLICY = Retry(attempts=3, first=timedelta(seconds=10))


class Refused(Rejection): ...


def with_deadline(deadline):
    return Metadata(id="1", kind="command", type="shop.PlaceOrder", deadline=deadline)


def failed(metadata, attempt, error=None, on_failure="park"):
    error = error or OSError("no line")
    trouble = Trouble(error=str(error), traceback="where")
    return settle_failure(
        metadata, attempt, error, trouble, policy=POLICY, on_failure=on_failure, now=100.0, chance=0.0
    )


@pytest.mark.parametrize(
    ("metadata", "on_failure", "strand"),
    [(COMMAND, "park", "k"), (COMMAND, "block", LANE), (EVENT, "park", None), (EVENT, "block", LANE)],
)
def test_a_failure_holds_back_its_key_its_lane_or_nothing(metadata, on_failure, strand):
    assert strand_of(metadata, on_failure) == strand
    assert failed(metadata, 1, on_failure=on_failure) == Again(due=105.0, error="no line", strand=strand)


def test_the_last_failure_of_a_command_buries_it_and_is_its_outcome():
    settled = failed(COMMAND, 3)

    assert settled == Buried(
        reason="exhausted", error="no line", traceback="where", outcome=Failed("exhausted: no line"), strand="k"
    )


def test_the_last_failure_of_an_event_buries_it_and_has_no_outcome():
    settled = failed(EVENT, 3)

    assert isinstance(settled, Buried)
    assert settled.outcome is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused(), "undeclared-rejection"),
        (UndecodableError("x"), "undecodable"),
        (WorkflowError("x"), "rule-broken"),
        (DuplicateIdError("1", "x"), "not-deterministic"),
    ],
)
def test_what_will_be_the_same_again_is_not_tried_again(error, reason):
    settled = failed(COMMAND, 1, error)

    assert (type(settled), settled.reason) == (Buried, reason)


def test_a_retry_that_would_begin_after_the_deadline_is_not_waited_for():
    late, in_time = failed(with_deadline(104.9), 1), failed(with_deadline(105.0), 1)

    assert isinstance(late, Buried)
    assert isinstance(in_time, Again)


@pytest.mark.parametrize(("deadline", "expires"), [(None, False), (100.1, False), (100.0, True), (1.0, True)])
def test_a_command_past_its_deadline_is_not_started(deadline, expires):
    settled = settle_expired(with_deadline(deadline), now=100.0)

    assert (settled is not None) == expires
    assert settled is None or (isinstance(settled, Done) and isinstance(settled.outcome, Expired))


@pytest.mark.parametrize(("attempt", "buried"), [(1, False), (3, False), (4, True)])
def test_a_message_that_kills_its_worker_is_given_up_by_its_deliveries(attempt, buried):
    settled = settle_crashed(COMMAND, attempt, POLICY, "park")

    assert (settled is not None) == buried
    assert settled is None or (settled.reason, settled.strand) == ("crashed", "k")


def test_a_type_that_nobody_here_knows_waits_for_a_newer_colleague_then_dies_as_such():
    first, last = (
        settle_unknown(COMMAND, times, "what", now=100.0, chance=0.0) for times in (1, UNKNOWN_TYPE.attempts)
    )

    assert first == Again(due=100.5, error="what", strand="k", counts=False)
    assert (last.reason, last.error, last.outcome) == ("no-handler", "what", Failed("no-handler: what"))


def test_an_unknown_type_past_its_deadline_waits_no_more():
    settled = settle_unknown(with_deadline(99.0), 1, "what", now=100.0, chance=0.0)

    assert (type(settled), settled.reason) == (Buried, "no-handler")


def test_one_error_cannot_fill_the_store():
    buried = bury(COMMAND, "exhausted", Trouble(error="x" * 10**6, traceback="y" * 10**6), None)

    assert max(len(buried.error), len(buried.traceback), len(buried.outcome.reason)) < LONGEST_TEXT + 100
    assert clip("short") == "short"
    assert clip("x" * (LONGEST_TEXT + 1)).endswith("… (16,385 characters)")
