"""Shrink: the smallest tape that still fails in the same way."""

from collections.abc import Callable, Sequence

Fails = Callable[[Sequence[int]], bool]
"""Whether a tape still fails as the first one did."""


def shrunk(tape: Sequence[int], fails: Fails, tries: int = 200) -> list[int]:
    """Cut the end, then write zeros over ever smaller parts, as long as it fails; at most so many runs."""
    best = list(tape)
    left = [tries]

    def still(candidate: list[int]) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(candidate)

    best = _cut(best, still)
    width = max(1, len(best) // 4)
    while left[0] > 0:
        best = _zeroed(best, width, still)
        if width == 1:
            break
        width = max(1, width // 4)
    while best and best[-1] == 0:
        best.pop()
    return best


def _cut(tape: list[int], still: Callable[[list[int]], bool]) -> list[int]:
    low, high = 0, len(tape)
    while low < high:
        middle = (low + high) // 2
        if still(tape[:middle]):
            high = middle
        else:
            low = middle + 1
    return tape[:high]


def _zeroed(tape: list[int], width: int, still: Callable[[list[int]], bool]) -> list[int]:
    for start in range(0, len(tape), width):
        part = tape[start : start + width]
        if any(part):
            candidate = [*tape[:start], *([0] * len(part)), *tape[start + width :]]
            if still(candidate):
                tape = candidate
    return tape
