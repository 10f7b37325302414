"""The pytest plug-in: a fixture `scenario` that opens apps and closes them when the test is over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tense.runtime.app import App
from tense.testing.scenario import Scenario
from tense.testing.scenario import scenario as opened


@pytest.fixture(name="scenario")
def scenario_of() -> Iterator[Callable[[App], Scenario]]:
    """Open an app in memory: `scenario(app).given(...).when(...).then(...)`."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(opened(app))
