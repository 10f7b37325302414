"""Rules about claims: suffixes, topics and requests that say one kind where the name says another."""

import re
from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Place
from tense.rules.meaning.index import Index, without_kind
from tense.rules.meaning.names import fact, imperative, order, past, seen, taken_for
from tense.rules.meaning.rule import Rule, Thresholds
from tense.rules.naming.signs import Signs, signs

_PARAMETER = re.compile(r"\{[^}]*\}")


def _kind_suffix(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        bare = without_kind(message.written)
        if bare != message.written and index.kinds[message.name].kind != "query":
            yield seen(
                message,
                f"{message.written} repeats its kind in its name.",
                f"{bare} says it already, if the mood is right.",
            )


def _against_kind(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message, found in taken_for(index, "command", "event"):
        declared = index.kinds[message.name]
        if declared.ground == "declared" and found.suffix in {"command", "event"} and found.suffix != declared.kind:
            yield seen(
                message,
                f"{message.written} calls itself {_a(found.suffix)} and is declared {_a(declared.kind)}.",
                "Take the suffix off, or declare the other kind.",
            )


def _a(kind: str | None) -> str:
    return f"an {kind}" if kind == "event" else f"a {kind}"


def _against_mood(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        found = index.signs[message.name]
        if found.topic_kind is not None or index.kinds[message.name].kind not in {found.suffix, "unknown"}:
            continue
        order_sure = imperative(index, message)
        if found.suffix == "event" and order_sure:
            yield seen(
                message,
                f"{message.written} ends in Event and reads as an order.",
                f"Name the order ({order(message)}) or what happened ({fact(message)}).",
                severity=order_sure,
            )
        elif found.suffix == "command" and past(found):
            yield seen(
                message,
                f"{message.written} ends in Command and reads as a fact.",
                f"Name the fact ({fact(message)}) or what is to be done ({order(message)}).",
            )


def _hidden_imperative(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, found in taken_for(index, "event", "unknown"):
        if found.requested_object and found.suffix != "command":
            yield seen(
                event,
                f"{event.written} is an order that calls itself a fact.",
                f"Send the command ({_object_of_request(event.written)}).",
            )


def _object_of_request(written: str) -> str:
    bare = re.sub(r"(?:[._-]?[Ee]vent)$", "", written)
    return re.sub(r"[._-]?(?:[Rr]equested|[Nn]eeded|[Rr]equired|[Rr]equest)$", "", bare)


def _needed(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, found in taken_for(index, "event", "unknown"):
        if found.needed and not found.requested_object and found.suffix != "command":
            yield seen(
                event,
                f"{event.written} says what somebody else must do.",
                "Send that somebody a command (Allocate), or say what has happened.",
            )


def _in_topic(index: Index, _: Thresholds) -> Iterator[Sight]:
    named = [(channel.name, channel.address or channel.name, channel.place) for channel in index.topology.channels]
    named += [(message.name, message.written, message.place) for message in index.messages.values()]
    seen_already: set[tuple[str, str]] = set()
    for name, address, place in named:
        found = signs(_PARAMETER.sub("", address))
        wrong = _wrong_topic(found)
        if wrong and (address, place.file if place else "") not in seen_already:
            seen_already.add((address, place.file if place else ""))
            yield _topic(name, address, place, wrong)


def _wrong_topic(found: Signs) -> str | None:
    if found.topic_kind == "event" and found.mood == "imperative" and found.certain:
        return "an order on a topic of events"
    if found.topic_kind == "command" and past(found):
        return "a fact on a topic of commands"
    return None


def _topic(name: str, address: str, place: Place | None, wrong: str) -> Sight:
    return Sight(
        subject=name,
        place=place,
        text=f"{address} is {wrong}.",
        mend="Move it to a topic of its own kind, or name it after that kind.",
    )


RULES = (
    Rule(
        id="N15",
        name="kind-suffix",
        severity="note",
        reason="The mood says the kind; a suffix only hides that the mood is missing.",
        criterion="A name that ends in Command, Event, Message, Cmd or Evt.",
        source="House style.",
        check=_kind_suffix,
        bad="event OrderPlacedEvent of orders {order_id}",
        good="event OrderPlaced of orders {order_id}",
    ),
    Rule(
        id="N16",
        name="suffix-contradicts-kind",
        severity="error",
        reason="One of the two is wrong, and every reader believes the other one.",
        criterion="The suffix Event on a declared command, or Command on a declared event.",
        source="Names of real systems.",
        check=_against_kind,
        bad="command PlaceOrderEvent of orders {order_id}",
        good="command PlaceOrder of orders {order_id}",
    ),
    Rule(
        id="N17",
        name="suffix-contradicts-mood",
        severity="error",
        reason="The verb orders and the suffix reports: one of them misleads.",
        criterion="The suffix Event behind a certain imperative, or Command behind a certain past.",
        source="Names of real systems.",
        check=_against_mood,
        bad="event SendEmailEvent of email {address}",
        good="event EmailSent of email {address}",
    ),
    Rule(
        id="N18",
        name="hidden-imperative",
        severity="warning",
        reason="That something was requested is a fact only about the sender; what is meant is the request.",
        criterion="An imperative with its object, followed by Requested, Needed, Required or Request. Alone "
        "a note; with a second sign a warning, with a third an error.",
        source="Fowler, Dudycz: the passive-aggressive event.",
        check=_hidden_imperative,
        bad="event SendEmailRequested of orders {order_id}",
        good="command SendEmail of email {order_id}",
    ),
    Rule(
        id="N19",
        name="needed-required",
        severity="warning",
        reason="A need is addressed to whoever can meet it: that is a command without a receiver.",
        criterion="An event that ends in Needed, Required, Due, or Pending and a verb. Alone a note; with a "
        "second sign a warning, with a third an error.",
        source="Cosmic Python: AllocationRequired became Allocate.",
        check=_needed,
        bad="event AllocationRequired of orders {order_id}",
        good="command Allocate of stock {order_id}",
    ),
    Rule(
        id="N34",
        name="kind-in-topic",
        severity="warning",
        reason="A topic that names a kind is a promise to everybody who routes by it.",
        criterion="A topic or name with a segment event and an imperative, or a segment command and a past.",
        source="The AsyncAPI proposal for topic names.",
        check=_in_topic,
        bad="channel created; at acme.command.user.created",
        good="channel created; at acme.event.user.created",
    ),
)
