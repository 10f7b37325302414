"""Sketches are read as written; walks are right on any graph."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tense.rules.meaning.names_at_start import Named, names_at_start
from tense.rules.meaning.sketch import sketch
from tense.rules.meaning.walks import components, cycles, longest, way

GRAPHS = st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 8), max_size=4).map(tuple), max_size=9)


def test_a_sketch_reads_messages_fields_and_options():
    topology = sketch(
        "event OrderPlaced of orders {order_id, note?, lines: array[], op: create|delete}; public; version 2"
    )

    (message,) = topology.messages
    assert (message.kind, message.owner, message.public, message.version) == ("event", "orders", True, 2)
    assert message.fields is not None
    assert [(one.name, one.required) for one in message.fields] == [
        ("order_id", True),
        ("note", False),
        ("lines", True),
        ("op", True),
    ]
    assert message.fields[2].bounded is False
    assert message.fields[3].values == ("create", "delete")


def test_a_sketch_knows_where_each_line_stands():
    topology = sketch("# a remark\n\norders/place publishes OrderPlaced; waits")

    (saying,) = topology.sayings
    assert (saying.service, saying.inside, saying.verb, saying.waits) == ("orders", "place", "publish", True)
    assert saying.place is not None
    assert saying.place.line == 3


@pytest.mark.parametrize("line", ["orders shouts OrderPlaced", "event A of b; sideways", "event"])
def test_a_line_that_is_not_understood_is_named(line):
    with pytest.raises(ValueError, match="sketch"):
        sketch(line)


@given(GRAPHS)
def test_every_node_is_in_one_component_and_components_come_after_what_they_lead_to(graph):
    groups = components(graph)

    nodes = set(graph) | {after for following in graph.values() for after in following}
    assert sorted(node for group in groups for node in group) == sorted(nodes)
    place = {node: number for number, group in enumerate(groups) for node in group}
    for node, following in graph.items():
        assert all(place[after] <= place[node] for after in following)


@given(GRAPHS)
def test_a_cycle_is_a_way_back_to_its_beginning(graph):
    for circle in cycles(graph):
        for node, after in zip(circle, (*circle[1:], circle[0]), strict=True):
            assert after in graph[node]


@given(GRAPHS)
def test_the_longest_way_is_a_way_of_that_length_without_repeats(graph):
    lengths = longest(graph)

    for node in graph:
        nodes = way(lengths, node)
        assert len(nodes) == lengths[node][0] == len(set(nodes))
        assert all(after in graph[before] for before, after in pairwise(nodes))


def test_at_start_only_certain_names_are_found():
    names = [
        Named(name="RegisterUser", kind="event"),
        Named(name="UserRegistered", kind="event"),
        Named(name="Payment", kind="event"),
        Named(name="RegisterUser", kind="command"),
        Named(name="PaymentReceived", kind="command"),
    ]

    found = names_at_start(names)

    assert [(one.rule, one.subject, one.severity) for one in found] == [
        ("N01", "RegisterUser", "error"),
        ("N02", "PaymentReceived", "error"),
    ]
