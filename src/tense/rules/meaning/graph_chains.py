"""Rules about chains: facts that pass from handler to handler until nobody owns the work."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Hop, Sight
from tense.rules.meaning.graph import Handling
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.walks import cycles, longest, way

Node = tuple[str, str, str]
"""One handler receiving one message: service, message, handler."""

OWNERS = ("process", "pipeline", "saga", "orchestrator")
"""Roles of services that own a whole flow, so that a chain through them is nobody's accident."""


_FAN = 128
"""Chains are followed into that many handlers of one message; more are a finding of their own."""

_NOBODY = "?"
"""Stands for the speaker of a message that no source names."""


def node_of(handling: Handling) -> Node:
    """The handling as a node of a graph of handlers."""
    return (handling.service, handling.message, handling.name)


def _event_graph(index: Index) -> dict[Node, tuple[Node, ...]]:
    """From each handler of an event to the handlers, elsewhere, of the events that it publishes."""
    return graph_of(index, "event")


def graph_of(index: Index, kind: str) -> dict[Node, tuple[Node, ...]]:
    """From each handler of that kind of message to the handlers, elsewhere, of those that it says."""
    graph: dict[Node, tuple[Node, ...]] = {}
    for handling in index.topology.handlings:
        if index.kind(handling.message) != kind:
            continue
        after = [
            node_of(following)
            for said in index.inside(handling)
            if index.kind(said.message) == kind
            for following in of(index.handlings, said.message)[:_FAN]
            if following.service != handling.service
        ]
        graph[node_of(handling)] = tuple(dict.fromkeys(after))
    return graph


def _hops(index: Index, nodes: tuple[Node, ...], verb: str = "publishes") -> tuple[Hop, ...]:
    """The path through the given handlers, drawn from who says their message."""
    steps: list[Hop] = []
    for position, (service, message, handler) in enumerate(nodes):
        if position == 0:
            speaker = next((one for one in of(index.speakers, message) if one != service), _NOBODY)
        else:
            speaker = nodes[position - 1][0]
        said = next((one for one in of(index.sayings, message) if one.service == speaker), None)
        steps.append(Hop(service=speaker, message=message, verb=verb, place=said.place if said else None))
        if position == len(nodes) - 1:
            steps.append(Hop(service=service, verb=handler))
    return tuple(steps)


def _services(index: Index, nodes: tuple[Node, ...]) -> list[str]:
    return [name for name in dict.fromkeys(hop.service for hop in _hops(index, nodes)) if name != _NOBODY]


def starts(graph: dict[Node, tuple[Node, ...]]) -> list[Node]:
    """Handlers whose message no handler of the graph says: where a chain begins."""
    reached = {after for following in graph.values() for after in following}
    return [node for node in graph if node not in reached and graph[node]]


def _chains(index: Index) -> Iterator[tuple[Node, ...]]:
    """The longest chain of events from each beginning, one for each first message."""
    graph = {
        node: tuple(after for after in following if not index.role(after[0], *OWNERS))
        for node, following in _event_graph(index).items()
        if not index.role(node[0], *OWNERS)
    }
    lengths = longest(graph)
    best: dict[str, Node] = {}
    for node in starts(graph):
        if node[1] not in best or lengths[node][0] > lengths[best[node[1]]][0]:
            best[node[1]] = node
    for node in best.values():
        yield way(lengths, node)


def _long_chain(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    told: set[Node] = set()
    for nodes in _chains(index):
        services = _services(index, nodes)
        if len(services) >= thresholds.chain and told.isdisjoint(nodes[1:]):
            told.update(nodes[1:])
            path = _hops(index, nodes)
            yield Sight(
                subject=nodes[0][1],
                service=path[0].service,
                place=path[0].place or index.messages[nodes[0][1]].place,
                path=path,
                related=tuple(hop.place for hop in path[1:] if hop.place),
                text=f"The events from {path[0].message} on run through {len(services)} services; no "
                "service owns the flow.",
                mend="Let one process subscribe to the outcomes and send the commands; or mark an owner "
                "with role process.",
            )


def _returning_chain(index: Index, _: Thresholds) -> Iterator[Sight]:
    for nodes in _chains(index):
        path = _hops(index, nodes)
        services = [hop.service for hop in path]
        if len(nodes) >= 3 and services[-1] == services[0] and len(set(services)) >= 3:  # noqa: PLR2004  # out and back over another
            yield Sight(
                subject=nodes[0][1],
                service=services[0],
                place=path[0].place or index.messages[nodes[0][1]].place,
                path=path,
                text=f"{services[0]} starts a chain of events with {path[0].message} and consumes its last "
                "one: it conducts in secret.",
                mend=f"Make {services[0]} the process: let it send each step as a command and hear the outcome.",
            )


def _event_cycle(index: Index, _: Thresholds) -> Iterator[Sight]:
    for nodes in cycles(_event_graph(index)):
        turned = (*nodes[1:], nodes[0]) if len(nodes) > 1 else nodes
        path = round_trip(turned)
        yield Sight(
            subject=turned[0][1],
            service=path[0].service,
            place=next((one.place for one in of(index.handlings, turned[0][1]) if one.place), None),
            path=path,
            text=f"Events run in a circle: {' → '.join(hop.message for hop in path if hop.message)} and round again.",
            mend="Break the circle: let one step be decided on state, or be a command with an outcome.",
        )


def round_trip(nodes: tuple[Node, ...], verb: str = "publishes") -> tuple[Hop, ...]:
    """The path round a circle of handlers, back to its first service."""
    hops = [
        Hop(service=nodes[position - 1][0], message=message, verb=verb)
        for position, (_, message, _h) in enumerate(nodes)
    ]
    return (*hops, Hop(service=nodes[-1][0]))


RULES = (
    Rule(
        id="G13",
        name="event-chain-long",
        severity="warning",
        reason="A flow that runs from event to event over many services is written down nowhere; nobody can "
        "change or stop it.",
        criterion="A chain of events, each published in a handler of the one before, runs over 4 or more "
        "services, none marked as process or pipeline.",
        source="Rücker and Schimak: the pinball machine.",
        needs=facts("handlers", "sayings", "inside"),
        check=_long_chain,
        bad="event OrderPlaced of orders\nevent InvoiceRaised of billing\nevent GoodsPicked of stock\n"
        "orders/place publishes OrderPlaced\n"
        "billing/bill handles OrderPlaced\nbilling/bill publishes InvoiceRaised\n"
        "stock/pick handles InvoiceRaised\n"
        "stock/pick publishes GoodsPicked\nshipping/ship handles GoodsPicked",
        good="service orders; role process\nevent OrderPlaced of orders\nevent InvoiceRaised of billing\n"
        "event GoodsPicked of stock\n"
        "orders/place publishes OrderPlaced\nbilling/bill handles OrderPlaced\n"
        "billing/bill publishes InvoiceRaised\n"
        "orders/next handles InvoiceRaised\norders/next sends PickGoods\nstock/pick handles PickGoods\n"
        "stock/pick publishes GoodsPicked",
    ),
    Rule(
        id="G14",
        name="distributed-orchestration",
        severity="warning",
        reason="Who starts a chain and waits for its end is its conductor; hidden in events, the conductor "
        "can see no step fail.",
        criterion="A chain of events over three or more services ends in the service that began it.",
        source="Rücker and Schimak.",
        needs=facts("handlers", "sayings", "inside"),
        check=_returning_chain,
        bad="event OrderPlaced of orders\nevent InvoiceRaised of billing\nevent GoodsPicked of stock\n"
        "orders/place publishes OrderPlaced\n"
        "billing/bill handles OrderPlaced\nbilling/bill publishes InvoiceRaised\n"
        "stock/pick handles InvoiceRaised\n"
        "stock/pick publishes GoodsPicked\norders/close handles GoodsPicked",
        good="event OrderPlaced of orders\nevent InvoiceRaised of billing\n"
        "orders/place publishes OrderPlaced\n"
        "billing/bill handles OrderPlaced\nbilling/bill publishes InvoiceRaised\n"
        "stock/pick handles InvoiceRaised",
    ),
    Rule(
        id="G15",
        name="event-cycle",
        severity="error",
        reason="One event brings about the next until the first comes round again: the circle never ends by itself.",
        criterion="Following the events that handlers publish leads back to the first handler.",
        source="Taibi et al.: cyclic dependency.",
        needs=facts("handlers", "sayings", "inside"),
        check=_event_cycle,
        bad="event PriceChanged of shop\nevent StockRevalued of stock\nshop/reprice handles StockRevalued\n"
        "shop/reprice publishes PriceChanged\n"
        "stock/revalue handles PriceChanged\nstock/revalue publishes StockRevalued",
        good="event PriceChanged of shop\nevent StockRevalued of stock\nshop/price publishes PriceChanged\n"
        "stock/revalue handles PriceChanged\nstock/revalue publishes StockRevalued\n"
        "shop/show handles StockRevalued",
    ),
)
