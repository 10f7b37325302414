"""Tape: every choice of a run, drawn from a seed or played back."""

import random
from collections.abc import Sequence


class Tape:
    """Gives small whole numbers and keeps them.

    A recorded tape is played back; where it ends, every choice is 0, which always means: in order, no fault. So a tape
    can be shrunk by cutting it and by writing zeros.
    """

    def __init__(self, seed: int, recorded: Sequence[int] | None = None) -> None:
        self.drawn: list[int] = []
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._recorded = recorded

    def draw(self, limit: int) -> int:
        """A whole number from 0 to below `limit`."""
        if self._recorded is None:
            value = int(self._random.random() * limit)
        else:
            at = len(self.drawn)
            value = min(self._recorded[at], limit - 1) if at < len(self._recorded) else 0
        self.drawn.append(value)
        return value

    def happens(self, parts: int, of: int = 1000) -> bool:
        """Whether something happens that does so in `parts` of `of` cases."""
        return parts > 0 and self.draw(of) >= of - parts

    def span(self, most: float) -> float:
        """Seconds from 0 to below `most`."""
        return self.draw(1000) * most / 1000
