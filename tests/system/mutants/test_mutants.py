"""The tests are tested: each planted bug is caught, by a property that names it, within few seeds."""

from itertools import count

import pytest
import tally
from plant import PLANTED, planted

from tense.testing.simulation.run import Subject, simulate

SUBJECT = Subject(app=tally.app, workload=tally.workload, check=tally.check)

CAUGHT = {
    "mark_before_publish": {"invariant", "nothing-lost", "heard"},
    "settle_before_commit": {"each-subscription"},
    "lease_without_token": {"once", "each-subscription", "invariant"},
    "inbox_outside_the_transaction": {"once", "invariant"},
    "cursor_beyond_a_gap": {"each-subscription"},
    "outcome_written_twice": {"once", "one-outcome"},
    "lane_released_too_early": {"once"},
    "attempt_counted_at_settle": {"poison", "liveness"},
    "redrive_without_inbox_check": {"once"},
    "park_ignored_after_restart": {"order"},
    "retry_clock_in_memory": {"liveness"},
    "stop_that_drops_the_buffer": {"invariant", "each-subscription", "one-commit"},
}
"""Which properties of the judge may name each bug."""

WITHIN = 30
"""How many seeds are enough for each."""


def test_there_are_twelve_bugs_and_each_has_its_property() -> None:
    assert PLANTED.keys() == CAUGHT.keys()
    assert len(PLANTED) == 12


@pytest.mark.system
@pytest.mark.parametrize("name", CAUGHT)
def test_a_planted_bug_is_caught(name: str) -> None:
    for seed in count():
        assert seed < WITHIN, f"{name} survived {WITHIN} seeds"
        with planted(name):
            verdict = simulate(SUBJECT, seed)
        named = {finding.partition(":")[0] for finding in verdict.findings} & CAUGHT[name]
        if named:
            break

    without = simulate(SUBJECT, seed)

    assert without.findings == ()
    print(f"{name}: caught by {', '.join(sorted(named))} with seed {seed}")
