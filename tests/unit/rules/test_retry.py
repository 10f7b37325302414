from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense import Rejection, Retry
from tense.errors import DefinitionError, DuplicateIdError, UndecodableError, WorkflowError
from tense.rules.retry import REASONS, UNKNOWN_TYPE, GiveUp, TryAgain, after_failure, wait_before


class Refused(Rejection): ...


POLICY = Retry(attempts=4, first=timedelta(seconds=1), factor=3.0, longest=timedelta(seconds=5))

TABLE = [
    (POLICY, 1, OSError(), TryAgain(0.5)),
    (POLICY, 2, OSError(), TryAgain(1.5)),
    (POLICY, 3, OSError(), TryAgain(2.5)),
    (POLICY, 4, OSError(), GiveUp("exhausted")),
    (POLICY, 9, OSError(), GiveUp("exhausted")),
    (POLICY, 1, UndecodableError("no"), GiveUp("undecodable")),
    (POLICY, 1, Refused(), GiveUp("undeclared-rejection")),
    (POLICY, 1, WorkflowError("no"), GiveUp("rule-broken")),
    (POLICY, 1, WorkflowError("no", "returned-value"), GiveUp("returned-value")),
    (POLICY, 1, DuplicateIdError("1", "x"), GiveUp("not-deterministic")),
    (POLICY, 1, KeyboardInterrupt(), TryAgain(0.5)),
    (Retry(attempts=1), 1, OSError(), GiveUp("exhausted")),
    (Retry(never=(OSError,)), 1, FileNotFoundError(), GiveUp("not-retried")),
    (Retry(never=(OSError,)), 1, ValueError(), TryAgain(0.25)),
    (Retry(only=(OSError,)), 1, FileNotFoundError(), TryAgain(0.25)),
    (Retry(only=(OSError,)), 1, ValueError(), GiveUp("not-retried")),
    (Retry(only=(OSError,), never=(FileNotFoundError,)), 1, FileNotFoundError(), GiveUp("not-retried")),
]


@pytest.mark.parametrize(("policy", "attempt", "error", "step"), TABLE)
def test_what_follows_from_a_failure(policy, attempt, error, step):
    assert after_failure(policy, attempt, error, chance=0.0) == step


def test_every_reason_can_be_told_in_words():
    given = {step.reason for *_, step in TABLE if isinstance(step, GiveUp)}

    assert given <= REASONS.keys()


policies = st.builds(
    lambda attempts, first, factor, more: Retry(attempts=attempts, first=first, factor=factor, longest=first + more),
    st.integers(1, 2000),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=2)),
    st.floats(1.0, 100.0),
    st.timedeltas(timedelta(0), timedelta(days=30)),
)


@given(policies, st.integers(1, 2000), st.floats(0, 1, exclude_max=True))
def test_a_wait_lies_between_half_and_the_whole_of_its_step_and_never_beyond_the_longest(policy, attempt, chance):
    waited = wait_before(policy, attempt, chance)

    longest = policy.longest.total_seconds()
    assert 0 < waited <= longest
    assert waited >= min(policy.first.total_seconds(), longest) / 2


@given(policies, st.integers(1, 300))
def test_waits_grow(policy, attempt):
    assert wait_before(policy, attempt, 0.0) <= wait_before(policy, attempt + 1, 0.0)


@given(policies, st.integers(1, 3000), st.floats(0, 1, exclude_max=True))
def test_nothing_is_started_more_often_than_it_may(policy, attempt, chance):
    step = after_failure(policy, attempt, OSError(), chance)

    assert isinstance(step, GiveUp) == (attempt >= policy.attempts)


@pytest.mark.parametrize(
    "figures",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"first": timedelta(0)},
        {"first": timedelta(hours=1), "longest": timedelta(minutes=1)},
        {"factor": 0.5},
        {"factor": float("nan")},
    ],
)
def test_figures_that_make_no_sense_are_refused(figures):
    with pytest.raises(DefinitionError, match="Retry"):
        Retry(**figures)


def test_an_unknown_type_is_kept_for_about_half_an_hour():
    kept = sum(wait_before(UNKNOWN_TYPE, attempt, 0.5) for attempt in range(1, UNKNOWN_TYPE.attempts))

    assert 20 * 60 < kept < 40 * 60
