"""How a test runs an app on a store."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tense import App
from tense.testing.harness import Harness

Run = Callable[[App], AbstractAsyncContextManager[Harness]]
"""Runs an app; a second run in the same test finds what the first one left."""
