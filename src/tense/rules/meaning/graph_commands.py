"""Rules about chains of commands: services that order each other about, and handlers that wait in a row."""

from collections.abc import Iterator
from itertools import pairwise

from tense.rules.meaning.finding import Hop, Sight
from tense.rules.meaning.graph_chains import Node, graph_of, node_of, round_trip, starts
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.walks import cycles, longest, way


def _command_cycle(index: Index, _: Thresholds) -> Iterator[Sight]:
    seen: set[frozenset[str]] = set()
    graph = graph_of(index, "command")
    for nodes in cycles(graph):
        seen.add(frozenset(node[0] for node in nodes))
        yield _circle(index, (*nodes[1:], nodes[0]) if len(nodes) > 1 else nodes)
    for handling in index.topology.handlings:
        for said in index.inside(handling):
            if index.kind(said.message) != "command":
                continue
            for following in of(index.handlings, said.message):
                back = next((one for one in graph.get(node_of(following), ()) if one[0] == handling.service), None)
                both = frozenset((handling.service, following.service))
                if back and following.service != handling.service and both not in seen:
                    seen.add(both)
                    yield _circle(index, (node_of(following), back))


def _circle(index: Index, nodes: tuple[Node, ...]) -> Sight:
    path = round_trip(nodes, "sends")
    names = list(dict.fromkeys(node[0] for node in nodes))
    return Sight(
        subject=nodes[0][1],
        service=path[0].service,
        place=next((one.place for one in of(index.sayings, nodes[0][1]) if one.place), None),
        path=path,
        text=f"{' and '.join(names)} command each other in one conversation.",
        mend="Merge the two, or turn one direction into an event.",
    )


def _waiting_chain(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    graph: dict[Node, tuple[Node, ...]] = {}
    for handling in index.topology.handlings:
        waits = [one for one in index.inside(handling) if one.waits or one.verb == "execute"]
        graph[node_of(handling)] = tuple(
            dict.fromkeys(node_of(following) for said in waits for following in of(index.handlings, said.message))
        )
    lengths = longest(graph)
    for node in starts(graph):
        nodes = way(lengths, node)
        if len(nodes) > thresholds.waits:
            path = (*(Hop(service=one[0], message=after[1], verb="executes") for one, after in pairwise(nodes)),)
            yield Sight(
                subject=nodes[1][1],
                service=node[0],
                place=next((one.place for one in of(index.handlings, node[1]) if one.place), None),
                path=(*path, Hop(service=nodes[-1][0])),
                text=f"{node[0]} waits for {nodes[1][1]}, whose handler waits in turn, {len(nodes) - 1} deep.",
                mend="Send and hear the outcome, or let one process take the steps one by one, with deadlines.",
            )


RULES = (
    Rule(
        id="G16",
        name="command-cycle",
        severity="warning",
        reason="Two services that command each other in one conversation are one service with a network in the middle.",
        criterion="A handler sends a command whose handler sends one back to the first service, or commands "
        "run in a circle.",
        source="Taibi et al.: cyclic dependency.",
        needs=facts("handlers", "sayings", "inside"),
        check=_command_cycle,
        bad="command PlaceOrder of orders\ncommand ReserveStock of stock\ncommand ConfirmOrder of orders\n"
        "orders/place handles PlaceOrder\n"
        "orders/place sends ReserveStock\nstock/reserve handles ReserveStock\n"
        "stock/reserve sends ConfirmOrder\norders/confirm handles ConfirmOrder",
        good="command PlaceOrder of orders\ncommand ReserveStock of stock\nevent StockReserved of stock\n"
        "orders/place handles PlaceOrder\n"
        "orders/place sends ReserveStock\nstock/reserve handles ReserveStock\n"
        "stock/reserve publishes StockReserved\norders/confirm handles StockReserved",
    ),
    Rule(
        id="G17",
        name="synchronous-chain",
        severity="warning",
        reason="Each waiting handler adds its slowness and its failures to all before it: the chain is as "
        "weak as all links together.",
        criterion="Handlers that send a command and wait form a chain 3 or more deep.",
        source="Rücker: synchronous chains.",
        needs=facts("handlers", "sayings", "inside", "waits"),
        check=_waiting_chain,
        bad="shop/buy handles BuyGoods\nshop/buy executes PlaceOrder; waits\n"
        "orders/place handles PlaceOrder\norders/place executes ReserveStock; waits\n"
        "stock/reserve handles ReserveStock\nstock/reserve executes MovePallet; waits\n"
        "warehouse/move handles MovePallet",
        good="shop/buy handles BuyGoods\nshop/buy executes PlaceOrder; waits\n"
        "orders/place handles PlaceOrder\norders/place sends ReserveStock\n"
        "stock/reserve handles ReserveStock\nstock/reserve executes MovePallet; waits\n"
        "warehouse/move handles MovePallet",
    ),
)
