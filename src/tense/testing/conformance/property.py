"""Property: marks a coroutine of the kit as one, runs it on its own loop, and skips where a capability is not claimed.

The first word of a property's docstring is its number: `15:` or, of the fault catalogue, `A13:`; several by comma.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from unittest import SkipTest

from tense.testing.conformance.bench import Kit

if TYPE_CHECKING:
    from tense.testing.conformance.adapter import Adapter

NUMBERS = re.compile(r"((?:[A-Z]?\d+)(?:, [A-Z]?\d+)*): ")

Check: TypeAlias = "Callable[[Any, Kit], Coroutine[Any, Any, None]]"
Test: TypeAlias = "Callable[[Adapter, Path], None]"


def proves(*needs: str) -> "Callable[[Check], Test]":
    """Make a test of a coroutine that is given a `Kit`; it is skipped where one of the capabilities is not claimed."""

    def mark(check: Check) -> "Test":
        def test(self: "Adapter", tmp_path: Path) -> None:
            missing = [need for need in needs if not getattr(self.capabilities, need)]
            if missing:
                text = f"not claimed: {', '.join(missing)}"
                raise SkipTest(text)
            place = tmp_path / "place"
            place.mkdir()
            asyncio.run(check(self, Kit(self, place)))

        test.__name__ = test.__qualname__ = check.__name__
        test.__doc__ = check.__doc__
        test.__module__ = check.__module__
        test.__dict__["needs"] = needs
        return test

    return mark


def numbers_of(doc: str | None) -> list[str]:
    """The numbers a property's docstring begins with."""
    found = NUMBERS.match(doc or "")
    return found[1].split(", ") if found else []
