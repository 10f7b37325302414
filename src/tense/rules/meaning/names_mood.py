"""Rules about mood: a command is an imperative, an event is in the past, and nothing else is either."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.index import Index
from tense.rules.meaning.names import claimed, fact, imperative, order, past, seen, taken_for
from tense.rules.meaning.rule import Rule, Thresholds


def _event_not_past(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        sure = imperative(index, event)
        if sure and not signs.hook:
            yield seen(
                event,
                f"{event.written} is an event and reads as an order.",
                f"Name what happened ({fact(event)}), or make it a command.",
                severity=sure,
            )


def _command_not_imperative(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in claimed(index, "command"):
        if past(signs):
            yield seen(
                command,
                f"{command.written} is a command and reads as a fact.",
                f"Name what is to be done ({order(command)}), or make it an event.",
                severity="warning" if command.written.islower() and "_" in command.written else None,
            )


def _without_tense(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        if signs.verb_last:
            yield seen(
                event,
                f"{event.written} ends in a verb without a tense: will it happen, or has it?",
                f"Put the verb in the past ({fact(event)}).",
            )


def _gerund(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        if signs.mood == "gerund":
            yield seen(
                event,
                f"{event.written} is still going on: it is not a fact yet, and may never become one.",
                f"Publish it when it has happened ({fact(event)}); ask before the fact with a call.",
            )


def _future(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        if signs.mood == "future":
            yield seen(
                event,
                f"{event.written} speaks of the future; an event is a fact.",
                "Name what has been decided already (OrderShipmentScheduled).",
            )


def _hook(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in claimed(index, "event"):
        if signs.hook:
            yield seen(
                event,
                f"{event.written} is a hook around a fact, and not a fact of the business.",
                "Before the fact: a call, or a rejection. After it: the fact itself, without Before, After, "
                "Pre, Post or On.",
            )


def _noun_only(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message, signs in taken_for(index, "command", "event", "unknown"):
        taken = index.kinds[message.name]
        speaks = signs.foreign or signs.reply or message.written in message.channels or taken.ground == "name"
        if signs.noun_only and signs.words and not speaks:
            guessed = taken.kind == "unknown"
            yield seen(
                message,
                f"{message.written} names a thing; neither an order nor a fact.",
                "Say what happened to it (PaymentReceived) or what to do with it (TakePayment).",
                severity="note" if guessed else None,
            )


def _base_equals_past(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message, signs in taken_for(index, "command", "event", "unknown"):
        if signs.base_past_alone:
            guessed = index.kind(message.name) == "unknown"
            yield seen(
                message,
                f"{message.written} is an order and a fact in one word: nobody can tell which.",
                f"Add what it is about, before it for a fact ({message.written}: CounterReset) or after it "
                "for an order (ResetCounter).",
                severity="note" if guessed else None,
            )


RULES = (
    Rule(
        id="N01",
        name="event-not-past",
        severity="error",
        reason="An event tells what happened; an imperative makes every subscriber think that it must obey.",
        criterion="An event whose name is an imperative: it opens with a verb that is no noun, and holds no "
        "past word; a warning where the verb could be a noun.",
        source="NServiceBus; Verraes.",
        check=_event_not_past,
        bad="event RegisterUserEvent of accounts {user_id}",
        good="event UserRegistered of accounts {user_id}",
    ),
    Rule(
        id="N02",
        name="command-not-imperative",
        severity="error",
        reason="A command asks for something; in the past tense it hides that it can be refused.",
        criterion="A command whose name is certainly in the past: it ends in a past word, and opens with no verb; "
        "a warning for a task that is named like a function.",
        source="NServiceBus; Verraes.",
        check=_command_not_imperative,
        bad="command UserSignedInCommand of accounts {user_id}",
        good="command RecordSignIn of accounts {user_id}",
    ),
    Rule(
        id="N03",
        name="event-noun-verb-without-tense",
        severity="warning",
        reason="OrderUpdate is an order's update or the order to update one; only a tense tells.",
        criterion="An event whose name ends in a base verb behind a noun.",
        source="Names of real systems (284 of 3,532 events).",
        check=_without_tense,
        bad="event InvoiceCancel of billing {invoice_id}",
        good="event InvoiceCancelled of billing {invoice_id}",
    ),
    Rule(
        id="N04",
        name="event-gerund",
        severity="warning",
        reason="What is still going on can still fail; nobody may build on it as on a fact.",
        criterion="An event whose last verb ends in -ing.",
        source="Names of real systems (91 of 3,532 events).",
        check=_gerund,
        bad="event CategoryDeleting of catalogue {category_id}",
        good="event CategoryDeleted of catalogue {category_id}",
    ),
    Rule(
        id="N05",
        name="event-future",
        severity="warning",
        reason="What will be is a plan; the fact is that it was planned.",
        criterion="An event whose name holds Will, WillBe, AboutTo or ToBe.",
        source="Names of real systems (Chrome DevTools Protocol).",
        check=_future,
        bad="event OrderWillBeShipped of shipping {order_id}",
        good="event OrderShipmentScheduled of shipping {order_id}",
    ),
    Rule(
        id="N06",
        name="event-hook",
        severity="warning",
        reason="A hook is a place in a program, not something that happened in the business.",
        criterion="An event that begins with Before, After, Pre, Post or On, or has them before a past word.",
        source="Names of real systems.",
        check=_hook,
        bad="event BeforeOrderPlaced of orders {order_id}",
        good="event OrderPlaced of orders {order_id}",
    ),
    Rule(
        id="N07",
        name="noun-only",
        severity="warning",
        reason="A thing is no message: the reader must guess whether it is to be done or was done.",
        criterion="A name of nouns only, without a verb or a state. A note where no kind is declared.",
        source="Names of real systems.",
        check=_noun_only,
        bad="event Payment of billing {payment_id}",
        good="event PaymentReceived of billing {payment_id}",
    ),
    Rule(
        id="N08",
        name="base-equals-past-alone",
        severity="warning",
        reason="Set, put, read, cut, reset: alone they are order and fact at once.",
        criterion="A name of one word whose past is its base form. A note where no kind is declared.",
        source="Names of real systems.",
        check=_base_equals_past,
        bad="event Reset of meters {meter_id}",
        good="event CounterReset of meters {meter_id}",
    ),
)
