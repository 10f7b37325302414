"""Rules about questions, answers and refusals that go by the name of an order or a fact."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.names import claimed, seen, taken_for
from tense.rules.meaning.rule import Rule, Thresholds, facts

_MAY_BRING = frozenset({"fetch", "load", "search", "count", "scan", "check"})
"""Verbs of reading that may leave something behind: what was fetched is often stored."""


def _query_as_command(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in claimed(index, "command"):
        if signs.mood == "query":
            yield seen(
                command,
                f"{command.written} asks for data and changes nothing: a query in the dress of a command.",
                "Make it a query: read your own tables, keep a copy from events, or ask by a call.",
                severity="note" if signs.words[0] in _MAY_BRING else None,
            )


def _query_as_event(index: Index, _: Thresholds) -> Iterator[Sight]:
    asked = {message.written: (message, signs) for message, signs in taken_for(index, "event")}
    for written, (event, signs) in asked.items():
        stem = written.removesuffix("Event").removesuffix("Requested")
        answer = next((one for one in (f"{stem}Provided", f"{stem}ProvidedEvent") if one in asked), None)
        if signs.queried or (answer and stem != written.removesuffix("Event")):
            yield seen(
                event,
                f"{written} asks for data"
                + (f" and {answer} brings it: a query in two events." if answer else ": a query, told as a fact."),
                "Make it a query with an answer.",
            )


def _reply_as_event(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        if signs.reply:
            yield seen(
                event,
                f"{event.written} answers somebody; an event is said to nobody in particular.",
                "Make it the outcome of the command it answers.",
            )


def _rejection(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        said = of(index.sayings, event.name)
        handlers = (
            {(one.service, one.name): one.message for one in index.topology.handlings} if signs.rejection_like else {}
        )
        causes = {handlers.get((one.service, one.inside or "")) for one in said}
        command = next(iter(causes)) if len(causes) == 1 else None
        if command is None or index.messages[command].rejections:
            continue
        if index.kind(command) == "command" and set(index.signs[command].words) & set(signs.words):
            yield seen(
                event,
                f"{event.written} is published only where {index.messages[command].written} is handled: it "
                "is that command's refusal.",
                f"Declare it as a rejection of {index.messages[command].written}.",
            )


_SHIP = "command ShipOrder of shipping {order_id}"


RULES = (
    Rule(
        id="N20",
        name="query-as-command",
        severity="warning",
        reason="A question has no effect and no refusal; queued as a command it is slow and blocks the inbox.",
        criterion="A command that opens with Get, List, Find, Is, Has or another word of reading.",
        source="Names of real systems (119 of 3,167 commands).",
        check=_query_as_command,
        bad="command GetStock of stock {sku}",
        good="command ReserveStock of stock {sku}",
    ),
    Rule(
        id="N21",
        name="query-as-event",
        severity="warning",
        reason="A question told as a fact waits for an answer that nobody has promised.",
        criterion="An event that ends in Queried, or a pair of ...Requested and ...Provided.",
        source="Events used as remote calls.",
        check=_query_as_event,
        bad="event PriceRequested of shop {sku}\nevent PriceProvided of pricing {sku, price: number}",
        good="event PriceRaised of pricing {sku, price: number}",
    ),
    Rule(
        id="N22",
        name="reply-as-event",
        severity="warning",
        reason="An answer is for the one who asked; as an event it is overheard by all and awaited by one.",
        criterion="An event named Response, Reply or Result.",
        source="NServiceBus: events are not replied to, nor replies.",
        check=_reply_as_event,
        bad="event StockCheckResponse of stock {sku}",
        good="event StockReserved of stock {sku}",
    ),
    Rule(
        id="N24",
        name="rejection-as-event",
        severity="note",
        reason="A refusal answers its sender; told to all, the sender must listen for what it should have been told.",
        criterion="An event named Cannot, Denied, Invalid or Refused is published only in the handler of the "
        "command it refuses, which declares no rejection.",
        source="The definition of the kinds: a command may be refused.",
        needs=facts("sayings", "inside"),
        check=_rejection,
        bad=_SHIP + "\nevent OrderShipmentRefused of shipping {order_id}\nshipping/ship handles ShipOrder\n"
        "shipping/ship publishes OrderShipmentRefused",
        good=_SHIP + "; rejects AddressUnknown\nshipping/ship handles ShipOrder; rejects AddressUnknown",
    ),
)
