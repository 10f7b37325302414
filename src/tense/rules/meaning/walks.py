"""Walks over a directed graph: its cycles, and the longest way from each node. Linear in nodes and edges."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def components(graph: Mapping[N, tuple[N, ...]]) -> list[tuple[N, ...]]:
    """The strongly connected components, each after all components it leads to."""
    number: dict[N, int] = {}
    low: dict[N, int] = {}
    waiting: list[N] = []
    open_nodes: set[N] = set()
    found: list[tuple[N, ...]] = []
    for start in graph:
        if start in number:
            continue
        work: list[tuple[N, int]] = [(start, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                number[node] = low[node] = len(number)
                waiting.append(node)
                open_nodes.add(node)
            after = graph.get(node, ())
            if position:
                low[node] = min(low[node], low[after[position - 1]])
            while position < len(after) and after[position] in number:
                if after[position] in open_nodes:
                    low[node] = min(low[node], number[after[position]])
                position += 1
            if position < len(after):
                work.extend([(node, position + 1), (after[position], 0)])
            elif low[node] == number[node]:
                found.append(_taken_off(waiting, open_nodes, node))
    return found


def _taken_off(waiting: list[N], open_nodes: set[N], root: N) -> tuple[N, ...]:
    members: list[N] = []
    while True:
        node = waiting.pop()
        open_nodes.discard(node)
        members.append(node)
        if node == root:
            return tuple(reversed(members))


def cycles(graph: Mapping[N, tuple[N, ...]]) -> list[tuple[N, ...]]:
    """One cycle for each group of nodes that reach each other, in order, the first node not repeated."""
    return [
        _way_round(graph, frozenset(group))
        for group in components(graph)
        if len(group) > 1 or group[0] in graph.get(group[0], ())
    ]


def _way_round(graph: Mapping[N, tuple[N, ...]], group: frozenset[N]) -> tuple[N, ...]:
    """A shortest way from one node of the group back to itself."""
    start = next(node for node in graph if node in group)
    came: dict[N, N] = {}
    row = [start]
    while row:
        following: list[N] = []
        for node in row:
            for after in graph.get(node, ()):
                if after == start:
                    way = [node]
                    while way[-1] != start:
                        way.append(came[way[-1]])
                    return tuple(reversed(way))
                if after in group and after not in came:
                    came[after] = node
                    following.append(after)
        row = following
    return (start,)


def longest(graph: Mapping[N, tuple[N, ...]]) -> dict[N, tuple[int, N | None]]:
    """For each node: the length of the longest way from it, and the next node on it. Cycles end a way."""
    length: dict[N, tuple[int, N | None]] = {}
    for group in components(graph):
        members = frozenset(group)
        for node in group:
            best: tuple[int, N | None] = (1, None)
            for after in graph.get(node, ()):
                if after not in members and length[after][0] + 1 > best[0]:
                    best = (length[after][0] + 1, after)
            length[node] = best
    return length


def way(lengths: Mapping[N, tuple[int, N | None]], start: N) -> tuple[N, ...]:
    """The longest way from `start`, as `longest` found it."""
    nodes = [start]
    while (after := lengths[nodes[-1]][1]) is not None:
        nodes.append(after)
    return tuple(nodes)
