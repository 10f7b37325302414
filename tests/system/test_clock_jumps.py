"""The clock of the machine is set back by an hour, and forth again: nothing is lost, doubled or forgotten."""

from unittest.mock import patch

import pytest
import tally

from tense.testing.simulation import faults, run
from tense.testing.simulation.run import Subject, simulate
from tense.testing.simulation.tape import Tape

pytestmark = pytest.mark.system

SUBJECT = Subject(app=tally.app, workload=tally.workload, check=tally.check)


def jumping(tape: Tape) -> faults.Faults:
    found = faults.swarm(tape)
    found.clock_jumps = 1
    return found


@pytest.mark.parametrize("seed", range(20))
def test_a_clock_that_jumps_loses_doubles_and_forgets_nothing(seed: int) -> None:
    with patch.object(run, "swarm", jumping):
        verdict = simulate(SUBJECT, seed)

    assert verdict.findings == ()
    assert sum("the clock goes wrong by -3600 s" in event for event in verdict.events) == 1
