"""SeededChance: ids and randomness that are the same in every run."""

import random


class SeededChance:
    """A `Chance` whose ids (UUIDv7 in form, growing) and figures follow from its seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._count = 0

    def new_id(self) -> str:
        """The next id."""
        self._count += 1
        tail = self._random.getrandbits(62)
        text = f"{self._count:012x}7000{0x8000 | tail >> 48 & 0x3FFF:04x}{tail & 0xFFFFFFFFFFFF:012x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def random(self) -> float:
        """The next figure in [0, 1)."""
        return self._random.random()
