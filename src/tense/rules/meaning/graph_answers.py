"""Rules about events that expect an answer: a command or a query that goes by the name of a fact."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Hop, Sight
from tense.rules.meaning.graph import Handling, Message, Place
from tense.rules.meaning.graph_chains import OWNERS
from tense.rules.meaning.index import Edge, Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import is_bare


def _answers(index: Index, edge: Edge) -> Iterator[str]:
    """Events that the handler at the end of the edge publishes, and the first service consumes."""
    for said in index.inside(edge.handling):
        other = said.message != edge.message and index.kind(said.message) == "event"
        if other and edge.service in of(index.receivers, said.message):
            yield said.message


def _event_edges(index: Index) -> Iterator[Edge]:
    for event in index.events:
        yield from of(index.edges, event.name)


def _only_subscriber(index: Index, _: Thresholds) -> Iterator[Sight]:
    for edge in _event_edges(index):
        answer = next(_answers(index, edge), None)
        if answer and len(of(index.handlings, edge.message)) == 1 and not index.role(edge.service, "process"):
            yield _exchange(
                index,
                edge,
                answer,
                f"{edge.message} has one subscriber, {edge.to}, and {edge.service} consumes its answer {answer}.",
            )


def _call_and_answer(index: Index, _: Thresholds) -> Iterator[Sight]:
    for edge in _event_edges(index):
        for answer in _answers(index, edge):
            said = of(index.sayings, answer)
            alone = all(one.service == edge.to and one.inside == edge.handling.name for one in said)
            if alone and _one_cause(index, edge.handling):
                yield _exchange(
                    index,
                    edge,
                    answer,
                    f"{answer} is published only where {edge.message} is handled, and goes back to "
                    f"{edge.service}: call and answer.",
                )


def _one_cause(index: Index, handling: Handling) -> bool:
    return sum(one.name == handling.name for one in of(index.received_by, handling.service)) == 1


def _exchange(index: Index, edge: Edge, answer: str, text: str) -> Sight:
    return Sight(
        subject=edge.message,
        service=edge.service,
        place=_said_at(index, edge.service, edge.message),
        path=(
            Hop(service=edge.service, message=edge.message),
            Hop(service=edge.to, message=answer),
            Hop(service=edge.service),
        ),
        related=(edge.handling.place,) if edge.handling.place else (),
        text=text,
        mend=f"Let {edge.service} send {edge.to} a command and take the answer as its outcome.",
    )


def _said_at(index: Index, service: str, message: str) -> Place | None:
    place = next((one.place for one in of(index.sayings, message) if one.service == service and one.place), None)
    return place or index.messages[message].place


def _publisher_awaits(index: Index, _: Thresholds) -> Iterator[Sight]:
    for edge in _event_edges(index):
        waiting = {event for one in of(index.received_by, edge.service) for event in one.awaits}
        outside = {one.message for one in of(index.said_by, edge.service) if one.waits and one.message == edge.message}
        answer = next((said.message for said in of(index.said_by, edge.to) if said.message in waiting), None)
        if (answer and answer in {one.message for one in index.inside(edge.handling)}) or outside:
            text = f"{edge.service} publishes {edge.message} and stays pending until {edge.to} answers."
            yield _exchange(index, edge, answer or "an answer", text)


def _asked(index: Index, handling: Handling, publisher: str) -> str | None:
    """What the handler asks the publisher for: a query, or a message it waits for; None where it asks nothing."""
    for said in index.inside(handling):
        answered = said.waits or index.kind(said.message) == "query"
        if answered and publisher in of(index.receivers, said.message):
            return index.messages[said.message].written
    return "a query" if publisher in handling.queries else None


def _back_to_publisher(index: Index, _: Thresholds) -> Iterator[Sight]:
    for edge in _event_edges(index):
        asked = _asked(index, edge.handling, edge.service)
        if asked:
            yield Sight(
                subject=edge.message,
                service=edge.to,
                place=edge.handling.place or index.messages[edge.message].place,
                path=(
                    Hop(service=edge.service, message=edge.message),
                    Hop(service=edge.to, message=asked, verb="asks"),
                    Hop(service=edge.service),
                ),
                text=f"{edge.to} handles {edge.message} and asks {edge.service} back for what the event left out.",
                mend="Put what the subscriber needs into the event.",
            )


def _askers(index: Index, event: Message) -> tuple[list[Edge], list[Edge]]:
    found = list(of(index.edges, event.name))
    return found, [edge for edge in found if _asked(index, edge.handling, edge.service)]


def _not_self_contained(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        found, asking = _askers(index, event)
        if len(found) > 1 and len(asking) * 2 >= len(found):
            yield Sight(
                subject=event.name,
                service=found[0].service,
                place=event.place,
                related=tuple(edge.handling.place for edge in asking if edge.handling.place),
                text=f"{len(asking)} of {len(found)} subscribers of {event.written} ask {found[0].service} back.",
                mend="Make the event say what most subscribers need.",
            )


def _excuse(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        found, asking = _askers(index, event)
        if found and len(asking) == len(found) and is_bare(event):
            yield Sight(
                subject=event.name,
                service=found[0].service,
                place=event.place,
                text=f"{event.written} carries only ids, and every subscriber calls {found[0].service} "
                "back: a bell, not a fact.",
                mend="Carry the state in the event, or declare the query that everybody makes.",
            )


def _needs_others(index: Index, _: Thresholds) -> Iterator[Sight]:
    for handling in index.topology.handlings:
        owners = {_owner(index, event) for event in handling.awaits} - {None, handling.service}
        if len(owners) > 1 and not index.role(handling.service, *OWNERS):
            yield Sight(
                subject=handling.message,
                service=handling.service,
                place=handling.place,
                text=f"{handling.service} waits for {' and '.join(handling.awaits)} before it acts, and is no process.",
                mend="Make the waiting a process with a state of its own, or publish one summary event.",
            )


def _owner(index: Index, event: str) -> str | None:
    known = index.messages.get(event)
    return known.owner if known and known.owner else next(iter(of(index.speakers, event)), None)


_CALL = (
    "event PaymentDue of orders {order_id}\nevent CardCharged of payments {order_id}\n"
    "orders/place publishes PaymentDue\n"
    "payments/charge handles PaymentDue\npayments/charge publishes CardCharged\n"
    "orders/confirm handles CardCharged"
)
_COMMAND = (
    "command ChargeCard of payments {order_id}\nevent CardCharged of payments {order_id}\n"
    "orders/place sends ChargeCard\n"
    "payments/charge handles ChargeCard\npayments/charge publishes CardCharged\n"
    "orders/confirm handles CardCharged"
)
_BELL = "event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
_TALE = "event OrderPlaced of orders {order_id, total: number}\norders/place publishes OrderPlaced\n"

RULES = (
    Rule(
        id="G10",
        name="one-known-subscriber",
        severity="warning",
        reason="A fact with one known listener, whose answer its publisher needs, is an order that does not say so.",
        criterion="An event has exactly one subscriber, and that subscriber answers with an event which the "
        "publisher consumes.",
        source="Fowler and Dudycz: the passive-aggressive event.",
        needs=facts("handlers", "sayings", "inside"),
        check=_only_subscriber,
        bad=_CALL,
        good=_COMMAND,
    ),
    Rule(
        id="G11",
        name="call-and-answer-events",
        severity="warning",
        reason="Two events that only ever follow each other are a call and its return; as events, nobody "
        "sees the return missing.",
        criterion="The answer of a subscriber goes back to the publisher and is published in no other handler.",
        source="Events used as remote calls.",
        needs=facts("handlers", "sayings", "inside"),
        check=_call_and_answer,
        bad=_CALL,
        good=_COMMAND,
    ),
    Rule(
        id="G12",
        name="publisher-awaits",
        severity="warning",
        reason="Publishing never waits for subscribers; who does wait has ordered something.",
        criterion="The publisher of an event stays pending for the event with which its subscriber answers.",
        source="Rücker: an event turned into a command belongs to a process.",
        needs=facts("handlers", "sayings", "inside", "waits"),
        check=_publisher_awaits,
        bad=_CALL.replace("confirm handles CardCharged", "confirm handles CardCharged; awaits CardCharged"),
        good=_COMMAND,
    ),
    Rule(
        id="G18",
        name="command-from-subscriber-to-publisher",
        severity="warning",
        reason="A subscriber that asks the publisher back ties the two together again, and asks about "
        "another moment than the event's.",
        criterion="The handler of an event asks the event's publisher for data, by a query or by a command "
        "it waits for.",
        source="Dudycz: the clickbait event; Fowler: event-carried state transfer.",
        needs=facts("handlers", "sayings", "inside"),
        check=_back_to_publisher,
        bad=_BELL + "email/confirm handles OrderPlaced; queries orders",
        good=_TALE + "email/confirm handles OrderPlaced",
    ),
    Rule(
        id="G19",
        name="event-not-self-contained",
        severity="warning",
        reason="If most subscribers must ask for more, the event does not say what happened.",
        criterion="At least half of two or more subscribers ask the publisher back while they handle the event.",
        source="Dudycz, Ben Morris.",
        needs=facts("handlers", "sayings", "inside"),
        check=_not_self_contained,
        bad=_BELL + "email/confirm handles OrderPlaced; queries orders\nstock/pick handles OrderPlaced",
        good=_TALE + "email/confirm handles OrderPlaced\nstock/pick handles OrderPlaced",
    ),
    Rule(
        id="G20",
        name="needs-other-event",
        severity="warning",
        reason="Who waits for several facts of several owners keeps the state of a process without being one.",
        criterion="A subscriber that is no process waits for two or more events of different owners before it acts.",
        source="Ben Morris; Verraes: Summary Event.",
        needs=facts("handlers", "waits"),
        check=_needs_others,
        bad="event OrderPaid of billing\nevent GoodsPicked of stock\nbilling/pay publishes OrderPaid\n"
        "stock/pick publishes GoodsPicked\n"
        "shipping/ship handles OrderPaid; awaits OrderPaid, GoodsPicked",
        good="service shipping; role process\nevent OrderPaid of billing\nevent GoodsPicked of stock\n"
        "billing/pay publishes OrderPaid\n"
        "stock/pick publishes GoodsPicked\nshipping/ship handles OrderPaid; awaits OrderPaid, GoodsPicked",
    ),
    Rule(
        id="G21",
        name="notification-excuse",
        severity="warning",
        reason="An event that only rings a bell makes everybody run to the door: it is a query spread over the fleet.",
        criterion="The body of an event holds ids and times only, and every subscriber asks the publisher back.",
        source="Dudycz: the clickbait event.",
        needs=facts("fields", "handlers", "sayings", "inside"),
        check=_excuse,
        bad=_BELL + "email/confirm handles OrderPlaced; queries orders",
        good=_TALE + "email/confirm handles OrderPlaced; queries orders\nstock/pick handles OrderPlaced",
    ),
)
