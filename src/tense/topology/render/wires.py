"""Leads a line from box to box, through the lanes of the columns between them."""

from dataclasses import dataclass
from itertools import pairwise

from tense.topology.render.layout import Plan, Spot

_TIP = 7.0
_EASE = 12.0


@dataclass(frozen=True, slots=True)
class Ends:
    """The heights at which a line leaves and arrives, and how far it keeps beside the middle of a lane."""

    start: float
    end: float
    aside: float = 0.0


def drawn(plan: Plan, source: str, target: str, ends: Ends, classes: str, *, wide: bool = False) -> str:
    """Return a line with its tip, as two SVG paths."""
    one, other = plan.spots[source], plan.spots[target]
    path = _beside(one, other, ends) if one.column == other.column else _across(plan, one, other, ends)
    width = " wide" if wide else ""
    return f'<path class="line{width} {classes}" d="{path}"/>{_tip(one, other, ends.end, classes)}'


def _beside(one: Spot, other: Spot, ends: Ends) -> str:
    """Lead a line between two boxes of one column around their right side."""
    bend = reach(one, other, ends)
    start, end = one.x + one.width, other.x + other.width + _TIP
    return (
        f"M{start:.1f} {ends.start:.1f}C{bend:.1f} {ends.start:.1f} {bend:.1f} {ends.end:.1f} {end:.1f} {ends.end:.1f}"
    )


def reach(one: Spot, other: Spot, ends: Ends) -> float:
    """Return how far to the right a line between two boxes of one column may lead."""
    return max(one.x + one.width, other.x + other.width) + 34 + abs(ends.start - ends.end) * 0.06


def _across(plan: Plan, one: Spot, other: Spot, ends: Ends) -> str:
    forward = one.column < other.column
    pair = (one.name, other.name) if forward else (other.name, one.name)
    lanes = plan.ways.get(pair, [])
    points = [(one.x + one.width if forward else one.x, ends.start)]
    for lane in lanes if forward else lanes[::-1]:
        y = lane.middle + ends.aside
        sides = [(lane.x - _EASE, y), (lane.x + lane.width + _EASE, y)]
        points += sides if forward else sides[::-1]
    points.append((other.x - _TIP if forward else other.x + other.width + _TIP, ends.end))
    return _curve(points)


def _curve(points: list[tuple[float, float]]) -> str:
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x, y), (to_x, to_y) in pairwise(points):
        reach = (to_x - x) * 0.5
        parts.append(f"C{x + reach:.1f} {y:.1f} {to_x - reach:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")
    return "".join(parts)


def _tip(one: Spot, other: Spot, end: float, classes: str) -> str:
    from_left = one.column < other.column
    x = other.x if from_left else other.x + other.width
    return f'<path class="tip {classes}" d="M{x:.1f} {end:.1f}l{-_TIP if from_left else _TIP:.0f} -4v8z"/>'
