"""What tests use: fakes, a hand-wound clock, scenarios, an app in memory. Names only; imports anything below floor 6."""

from tense.testing.chance import SeededChance
from tense.testing.clock import HandClock
from tense.testing.fakes import FakeExecute, Recorder, Said, answers
from tense.testing.harness import Harness, harness
from tense.testing.scenario import Scenario, scenario

__all__ = [
    "FakeExecute",
    "HandClock",
    "Harness",
    "Recorder",
    "Said",
    "Scenario",
    "SeededChance",
    "answers",
    "harness",
    "scenario",
]
