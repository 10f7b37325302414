"""Places boxes in columns and leads lines between them. Geometry only: no text, no colours."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

GAP = 26.0
COLUMN = 150.0
_LANE = 7.0
_SWEEPS = 10
_LOOSE = 60.0
_ASPECT = 1.7


@dataclass(slots=True)
class Spot:
    """A box, or the point where a long line passes a column (`is_lane`). `x` and `y` are its upper left corner."""

    name: str
    width: float
    height: float
    is_lane: bool = False
    column: int = 0
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        """Return the height of its middle."""
        return self.y + self.height / 2


@dataclass(slots=True)
class Plan:
    """Where everything stands. `ways` gives for each pair of boxes the lanes between them, from left to right."""

    spots: dict[str, Spot]
    ways: dict[tuple[str, str], list[Spot]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0


def planned(sizes: dict[str, tuple[float, float]], pairs: Sequence[tuple[str, str]], first: Sequence[str] = ()) -> Plan:
    """Return a plan for boxes of the given sizes, joined in pairs; boxes of `first` stand in the first column."""
    spots = {name: Spot(name, width, height) for name, (width, height) in sizes.items()}
    joined = [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]
    _columns(spots, joined, set(first))
    plan = Plan(spots)
    columns = _with_lanes(plan, joined)
    neighbours = _neighbours(plan)
    _ordered(columns, neighbours)
    _placed(plan, columns, neighbours)
    return plan


def _columns(spots: dict[str, Spot], pairs: list[tuple[str, str]], first: set[str]) -> None:
    """Give each box a column: what is sent to stands right of what sends, as far as circles allow."""
    after: defaultdict[str, list[str]] = defaultdict(list)
    degree: defaultdict[str, int] = defaultdict(int)
    for source, target in pairs:
        after[source].append(target)
        degree[source] += 1
        degree[target] -= 1
    depth: dict[str, int] = {}
    order = sorted(spots, key=lambda name: (name not in first, -degree[name]))
    forward = _forward(order, after)
    for name in reversed(_by_finish(order, forward)):
        depth.setdefault(name, 0)
        for target in forward[name]:
            depth[target] = max(depth.get(target, 0), depth[name] + 1)
    area = sum(spot.height + GAP for spot in spots.values())
    wide = max((spot.width for spot in spots.values()), default=1.0) + COLUMN
    wanted = max(1, min(len(spots), round(sqrt(_ASPECT * area / wide)) + 1))
    deepest = max(depth.values(), default=0) + 1
    for name, spot in spots.items():
        spot.column = depth[name] if deepest <= wanted else depth[name] * wanted // deepest
    _balanced(spots, wanted, [name for name in spots if not after[name] and degree[name] == 0])


def _balanced(spots: dict[str, Spot], columns: int, lonely: list[str]) -> None:
    """Spread boxes without lines over the columns, each into the emptiest."""
    filled = [0.0] * max(columns, 1 + max((spot.column for spot in spots.values()), default=0))
    for name, spot in spots.items():
        if name not in lonely:
            filled[spot.column] += spot.height + GAP
    for name in lonely:
        emptiest = filled.index(min(filled))
        spots[name].column = emptiest
        filled[emptiest] += spots[name].height + GAP


def _forward(order: list[str], after: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the pairs without those that close a circle."""
    forward: dict[str, list[str]] = {name: [] for name in order}
    state: dict[str, int] = {}
    for root in order:
        stack = [(root, iter(after.get(root, ())))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                state[name] = 2
                stack.pop()
            elif state.get(target) != 1:
                forward[name].append(target)
                if target not in state:
                    state[target] = 1
                    stack.append((target, iter(after.get(target, ()))))
    return forward


def _by_finish(order: list[str], forward: dict[str, list[str]]) -> list[str]:
    finished: list[str] = []
    seen: set[str] = set()
    for root in order:
        stack = [(root, iter(forward[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            name, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                finished.append(name)
                stack.pop()
            elif target not in seen:
                seen.add(target)
                stack.append((target, iter(forward[target])))
    return finished


def _with_lanes(plan: Plan, pairs: list[tuple[str, str]]) -> list[list[Spot]]:
    """Put lanes into the columns that a line passes; lines both ways between two boxes share them."""
    columns: list[list[Spot]] = [[] for _ in range(1 + max((s.column for s in plan.spots.values()), default=0))]
    for spot in plan.spots.values():
        columns[spot.column].append(spot)
    for source, target in pairs:
        left, right = sorted((source, target), key=lambda name: plan.spots[name].column)
        if (left, right) in plan.ways:
            continue
        between = range(plan.spots[left].column + 1, plan.spots[right].column)
        lanes = [Spot(f"{left}>{right}@{column}", 0.0, _LANE, is_lane=True, column=column) for column in between]
        plan.ways[left, right] = lanes
        for lane in lanes:
            columns[lane.column].append(lane)
    return columns


def _neighbours(plan: Plan) -> dict[str, list[Spot]]:
    found: defaultdict[str, list[Spot]] = defaultdict(list)
    for (left, right), lanes in plan.ways.items():
        chain = [plan.spots[left], *lanes, plan.spots[right]]
        for one, other in pairwise(chain):
            found[one.name].append(other)
            found[other.name].append(one)
    return found


def _ordered(columns: list[list[Spot]], neighbours: dict[str, list[Spot]]) -> None:
    """Sort each column by where its neighbours stand, sweeping to and fro."""
    rank: dict[str, float] = {}
    for column in columns:
        rank.update({spot.name: number / max(1, len(column)) for number, spot in enumerate(column)})
    for sweep in range(_SWEEPS):
        way = columns if sweep % 2 == 0 else columns[::-1]
        for column in way:
            wish = {
                spot.name: _mean([rank[one.name] for one in neighbours[spot.name]], rank[spot.name]) for spot in column
            }
            column.sort(key=lambda spot: wish[spot.name])
            rank.update({spot.name: number / max(1, len(column)) for number, spot in enumerate(column)})


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _placed(plan: Plan, columns: list[list[Spot]], neighbours: dict[str, list[Spot]]) -> None:
    """Give every spot its place: columns side by side, spots stacked near their neighbours without overlap."""
    tallest = max((sum(_taken(spot) for spot in column) for column in columns), default=0.0)
    x = 0.0
    for column in columns:
        width = max((spot.width for spot in column), default=0.0)
        y = (tallest - sum(_taken(spot) for spot in column)) / 2
        for spot in column:
            # A lane leads straight through its column, so that no line crosses a box.
            spot.width = width if spot.is_lane else spot.width
            spot.x, spot.y = x + (width - spot.width) / 2, y
            y += _taken(spot)
        x += width + COLUMN
    for _sweep in range(_SWEEPS):
        for column in columns:
            _settled(column, neighbours)
    for column in columns:
        _closed_up(column)
    top = min((spot.y for column in columns for spot in column), default=0.0)
    for column in columns:
        for spot in column:
            spot.y -= top
    plan.width = max(0.0, x - COLUMN)
    plan.height = max((spot.y + spot.height for column in columns for spot in column), default=0.0)


def _closed_up(column: list[Spot]) -> None:
    """Take away what is empty beyond need between two spots of a column."""
    lift = 0.0
    for one, other in pairwise(column):
        other.y -= lift
        spare = other.y - one.y - _taken(one) - _LOOSE
        if spare > 0:
            lift += spare
            other.y -= spare


def _taken(spot: Spot) -> float:
    return spot.height + (2.0 if spot.is_lane else GAP)


def _settled(column: list[Spot], neighbours: dict[str, list[Spot]]) -> None:
    """Move each spot towards the middle of its neighbours, then push apart what overlaps."""
    for spot in column:
        spot.y += (_mean([one.middle for one in neighbours[spot.name]], spot.middle) - spot.middle) * 0.5
    centre = sum(spot.middle for spot in column) / max(1, len(column))
    for one, other in pairwise(column):
        other.y = max(other.y, one.y + _taken(one))
    shift = centre - sum(spot.middle for spot in column) / max(1, len(column))
    for spot in column:
        spot.y += shift
