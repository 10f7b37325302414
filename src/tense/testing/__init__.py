"""What tests use: fakes for ports, a hand-wound clock, an app in memory. Names only; imports anything below floor 6."""

from tense.testing.chance import SeededChance
from tense.testing.clock import HandClock
from tense.testing.fakes import FakeExecute, Recorder, Said, answers
from tense.testing.harness import Harness, harness

__all__ = ["FakeExecute", "HandClock", "Harness", "Recorder", "Said", "SeededChance", "answers", "harness"]
