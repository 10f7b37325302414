"""Rules about form: order of words, one way of spelling, one fact to a name, nobody else's name in it."""

from collections import defaultdict
from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Message
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.names import claimed, fact, order, seen, taken_for
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import words
from tense.rules.naming.signs import Signs


def _verb_order(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        if signs.past_first and not signs.hook:
            yield seen(
                event,
                f"{event.written} puts the verb before what it happened to.",
                f"Put the subject first ({fact(event)}).",
            )
    for command, signs in claimed(index, "command"):
        if signs.verb_last:
            yield seen(
                command,
                f"{command.written} puts the verb behind its object.",
                f"Put the verb first ({order(command)}).",
            )


def _past_form(signs: Signs) -> str | None:
    if signs.mood != "past":
        return None
    if "been" in signs.words:
        return "HasBeen"
    return "Was" if signs.passive and {"was", "were"} & set(signs.words) else "plain"


def _tense_mix(index: Index, _: Thresholds) -> Iterator[Sight]:
    homes: defaultdict[str, dict[str, Message]] = defaultdict(dict)
    for event, signs in taken_for(index, "event"):
        form = _past_form(signs)
        home = event.owner or next(iter(of(index.speakers, event.name)), "")
        if form and home:
            homes[home].setdefault(form, event)
    for home, forms in homes.items():
        if len(forms) > 1:
            odd = next(event for form, event in forms.items() if form != "plain")
            yield Sight(
                subject=odd.name,
                service=home,
                place=odd.place,
                text=f"{home} says the past in {len(forms)} ways: "
                f"{', '.join(event.written for event in forms.values())}.",
                mend="Choose one; the plain participle is the shortest.",
            )


_SPELLINGS = {"ise": "ize", "ised": "ized", "ising": "izing", "our": "or", "oured": "ored"}


def _plain(word: str) -> str:
    """A word in one spelling: British and American doubles are the same word."""
    if word.endswith(("lled", "lling")):
        word = word.replace("lled", "led").replace("lling", "ling")
    for tail, plain in _SPELLINGS.items():
        if word.endswith(tail) and len(word) > len(tail) + 2:
            return word.removesuffix(tail) + plain
    return word


def _twins(index: Index, _: Thresholds) -> Iterator[Sight]:
    first: dict[tuple[object, ...], Message] = {}
    for message in index.messages.values():
        signs = index.signs[message.name]
        key = (tuple(map(_plain, signs.words)), signs.suffix, signs.version, index.kinds[message.name].kind)
        twin = first.setdefault(key, message)
        if twin is not message and twin.written != message.written and signs.words:
            near = index.declared(message.name) or _file(twin) == _file(message)
            yield Sight(
                subject=message.name,
                service=message.owner,
                place=message.place,
                related=(twin.place,) if twin.place else (),
                text=f"{message.written} and {twin.written} are one name in two spellings.",
                mend="Keep one of them.",
                severity=None if near else "note",
            )


def _file(message: Message) -> str:
    return message.place.file if message.place else ""


def _version(index: Index, _: Thresholds) -> Iterator[Sight]:
    known = {message.written for message in index.messages.values()}
    for message in index.messages.values():
        signs = index.signs[message.name]
        if message.written in message.channels:
            continue
        if signs.version is not None:
            # A version as a segment of its own is how many wire formats write it.
            apart = any(part.lower() == signs.version.lower() for part in message.written.replace("/", ".").split("."))
            if apart and not index.declared(message.name):
                continue
            text = f"{message.written} carries its version: the next is another message to everybody."
            yield seen(
                message,
                text,
                "Put the version beside the name, and upcast the old form.",
                severity="note" if apart else None,
            )
        elif signs.version_in_name and message.written.removeprefix("New").removeprefix("Old") in known - {
            message.written
        }:
            text = f"{message.written} stands beside {message.written[3:]}: new for how long?"
            yield seen(message, text, "Put the version beside the name, and upcast the old form.")


def _consumer(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        for service in of(index.receivers, event.name):
            if service not in of(index.speakers, event.name) and _addressed(signs, service, {"for", "to"}, tail=True):
                yield seen(
                    event,
                    f"{event.written} names {service}, which subscribes to it: an order with an address.",
                    "Leave the subscriber out; if it must act, send it a command.",
                )


def _sender(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in taken_for(index, "command"):
        for service in of(index.speakers, command.name):
            own = tuple(words(service))
            leading = signs.words[: len(own)] == own and signs.verb is not None and signs.verb not in own
            if service not in of(index.receivers, command.name) and (
                leading or _addressed(signs, service, {"from", "by", "via"})
            ):
                yield seen(
                    command,
                    f"{command.written} names {service}, one of its senders; a command may have many.",
                    "Leave the sender out; the envelope says who it was.",
                )


def _addressed(signs: Signs, service: str, prepositions: set[str], *, tail: bool = False) -> bool:
    """True where the name holds a preposition and the service, or (with `tail`) ends in the service."""
    own = words(service)
    for at in range(1, len(signs.words) - len(own) + 1):
        if signs.words[at : at + len(own)] == own:
            last = at + len(own) == len(signs.words)
            if signs.words[at - 1] in prepositions or (tail and last and at > 1):
                return True
    return False


def _two_facts(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message, signs in taken_for(index, "command", "event"):
        if signs.two_facts:
            yield seen(
                message,
                f"{message.written} holds two verbs: which of them failed, when one did?",
                "Make two messages, each with one verb.",
            )


def _conditional(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in taken_for(index, "command"):
        if signs.conditional:
            yield seen(
                command,
                f"{command.written} carries a condition; whether it holds is for the handler to decide.",
                "Name what is wanted, and let the handler reject it.",
            )


def _entity_missing(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        if signs.single_past:
            yield seen(event, f"{event.written}: what was?", "Name the subject too (OrderCreated).")


RULES = (
    Rule(
        id="N25",
        name="verb-order",
        severity="note",
        reason="Lists are read by their first word: events by subject, commands by verb.",
        criterion="A past word before its noun in an event, or a verb behind its noun in a command.",
        source="NServiceBus: order of words.",
        check=_verb_order,
        bad="event CreatedAccount of accounts {account_id}",
        good="event AccountOpened of accounts {account_id}",
    ),
    Rule(
        id="N26",
        name="tense-mix",
        severity="note",
        reason="Two ways of saying the past look like two meanings.",
        criterion="One service uses more than one of X, WasX, HasBeenX in its events.",
        source="Names of real systems (75 with Was).",
        check=_tense_mix,
        bad="event BidWasPlaced of auction {bid_id}\nevent AuctionClosed of auction {auction_id}",
        good="event BidPlaced of auction {bid_id}\nevent AuctionClosed of auction {auction_id}",
    ),
    Rule(
        id="N27",
        name="spelling-twins",
        severity="warning",
        reason="Two spellings are two messages to the machine, and one to everybody else.",
        criterion="Two names differ only in spelling or style. A note across documents that declare no kind.",
        source="Names of real systems.",
        check=_twins,
        bad="event OrderCancelled of orders {order_id}\nevent OrderCanceled of orders {order_id}",
        good="event OrderCancelled of orders {order_id}\nevent OrderRefunded of orders {order_id}",
    ),
    Rule(
        id="N28",
        name="version-in-name",
        severity="warning",
        reason="A version in the name makes every new form a new message, and forces all to move on one day.",
        criterion="V2, _v2 in a name (a note where it is a segment of its own), or New, Old beside the same "
        "name without it.",
        source="Dudycz.",
        check=_version,
        bad="event OrderPlacedV2 of orders {order_id}",
        good="event OrderPlaced of orders {order_id}; version 2",
    ),
    Rule(
        id="N29",
        name="consumer-in-event-name",
        severity="warning",
        reason="A fact that names its listener is an order with an address.",
        criterion="An event's name holds For or To and a subscribing service, or ends in that service's name.",
        source="Hidden commands.",
        needs=facts("handlers"),
        check=_consumer,
        bad="event OrderPlacedForBilling of orders {order_id}\n"
        "orders/place publishes OrderPlacedForBilling\nbilling/bill handles OrderPlacedForBilling",
        good="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
        "billing/bill handles OrderPlaced",
    ),
    Rule(
        id="N30",
        name="sender-in-command-name",
        severity="warning",
        reason="A command has many senders; the name of one shuts the others out.",
        criterion="A command's name holds From, By or Via and a sending service, or opens with that service's name.",
        source="The definition of the kinds: many senders.",
        needs=facts("sayings"),
        check=_sender,
        bad="command ChargeFromCheckout of payments {order_id}\ncheckout/buy sends ChargeFromCheckout",
        good="command ChargeCard of payments {order_id}\ncheckout/buy sends ChargeCard",
    ),
    Rule(
        id="N31",
        name="two-facts",
        severity="warning",
        reason="Two facts in one event cannot happen apart, fail apart or be subscribed to apart.",
        criterion="And or Or between two verbs.",
        source="Atomic facts.",
        check=_two_facts,
        bad="event OrderPlacedAndPaid of orders {order_id}",
        good="event OrderPlaced of orders {order_id}\nevent OrderPaid of orders {order_id}",
    ),
    Rule(
        id="N32",
        name="conditional-command",
        severity="note",
        reason="The condition is the handler's decision; that is what rejections are for.",
        criterion="A command with If, When, Unless, Maybe or Try in its name.",
        source="House style.",
        check=_conditional,
        bad="command ShipIfPaid of shipping {order_id}",
        good="command ShipOrder of shipping {order_id}; rejects NotPaid",
    ),
    Rule(
        id="N33",
        name="entity-word-missing",
        severity="note",
        reason="Outside its module nobody knows what was created.",
        criterion="An event of one past word.",
        source="Names of real systems.",
        check=_entity_missing,
        bad="event Created of orders {order_id}",
        good="event OrderCreated of orders {order_id}",
    ),
)
