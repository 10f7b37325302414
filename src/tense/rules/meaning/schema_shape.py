"""Rules about the shape of bodies: too much, too loose, too inward, or no longer what it was."""

from collections.abc import Iterable, Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Field, Message
from tense.rules.meaning.index import Index
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.schema import sight
from tense.rules.meaning.wording import bag, is_plumbing, is_time, named, words

_SOME = 3


def _optional(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        fields = event.fields or ()
        loose = [field for field in fields if not field.required]
        first = {field.name for field in event.released or ()}
        added = [field for field in loose if event.released is not None and field.name not in first]
        many = len(fields) > _SOME and len(loose) > thresholds.optional_fields * len(fields)
        # A schema that requires nothing at all states no opinion on its fields.
        if len(added) >= _SOME or (many and len(loose) < len(fields)):
            yield sight(
                event,
                f"{len(loose)} of the {len(fields)} fields of {event.written} are optional: it tells "
                "several facts by what it leaves out.",
                "Make a new event type for what the new fields tell.",
                severity=None if index.declared(event.name) else "note",
            )


def _whole_entity(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    entities: dict[tuple[str | None, tuple[str, ...]], list[Message]] = {}
    for message in index.messages.values():
        seen = index.signs[message.name]
        if seen.crud and message.fields and not is_link(message):
            subject = tuple(word for word in words(message.written) if word not in _CRUD and word not in _SUFFIXES)
            entities.setdefault((message.owner, subject), []).append(message)
    for family in entities.values():
        for event in family:
            mine = _names(event.fields)
            others = [one for one in family if one is not event and len(_names(one.fields)) >= _SOME]
            twin = next(
                (
                    one
                    for one in others
                    if len(mine & _names(one.fields)) >= thresholds.entity_fields * len(_names(one.fields))
                ),
                None,
            )
            updates = bool(set(words(event.written)) & _UPDATES)
            if index.kind(event.name) == "event" and updates and twin is not None and len(mine) >= _SOME:
                yield sight(
                    event,
                    f"{event.written} repeats the whole entity, as {twin.written} does, and does not say what changed.",
                    "Say what happened, and carry what it changed.",
                )


def is_link(message: Message) -> bool:
    """True where the body is so small that it can hold no entity."""
    return len(_names(message.fields)) < _SOME


_CRUD = bag(
    "created updated deleted changed saved modified removed create update delete save modify remove upsert "
    "upserted add added"
)
_UPDATES = bag("updated changed saved modified update change upserted")
_SUFFIXES = bag("event command message")


def _names(fields: Iterable[Field] | None) -> frozenset[str]:
    return frozenset(
        "".join(words(field.name)) for field in fields or () if not is_plumbing(field) and not is_time(field)
    )


def _old_and_new(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        names = {words(field.name) for field in event.fields or ()}
        olds = {
            rest
            for first, *rest_list in names
            if (rest := tuple(rest_list)) and first in {"old", "previous", "prev", "former"}
        }
        news = {tuple(rest) for first, *rest in names if first in {"new", "current", "updated"}} | names
        pairs = sorted(" ".join(one) for one in olds & news)
        if len(pairs) > 1:
            yield sight(
                event,
                f"{event.written} lists old and new values ({', '.join(pairs[:4])}) instead of saying what happened.",
                "Name the intent: what made these values change?",
            )


_TOTALS = bag(
    "total totalprice totalamount grandtotal subtotal taxtotal totalcents runningbalance newbalance "
    "newstatus resultingstatus"
)


def _derived(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        found = named(command.fields or (), _TOTALS)
        lists = [field for field in command.fields or () if field.type.startswith(("array", "list", "tuple"))]
        if found and (lists or words(found[0].name)[0] in {"running", "new", "resulting"}):
            yield sight(
                command,
                f"{command.written} tells its handler {found[0].name}, which the handler can work out and "
                "the sender may have wrong.",
                "Leave it out; let the owner of the data compute it.",
                field=found[0],
            )


_ORDER = "event OrderPlaced of orders "
_CUSTOMER = "event CustomerCreated of crm {customer_id, name, street, city}\n"

RULES = (
    Rule(
        id="S02",
        name="just-one-more-field",
        severity="warning",
        reason="Optional fields pile up when new facts are pressed into an old event.",
        criterion="More than half of an event's fields (of 4 or more) are optional, or 3 or more optional "
        "ones came after the last release.",
        source="Dudycz: just add one more field.",
        needs=facts("fields"),
        check=_optional,
        bad=_ORDER + "{order_id, coupon?, gift_note?, referrer?, campaign?}",
        good=_ORDER + "{order_id, total: number, currency, coupon?}",
    ),
    Rule(
        id="S03",
        name="whole-entity",
        severity="warning",
        reason="The whole entity says what is, not what happened; each subscriber must find the difference.",
        criterion="An event with a CRUD name repeats 80 % or more of the fields of a sister message about "
        "the same entity.",
        source="Dudycz: State Obsession.",
        needs=facts("fields"),
        check=_whole_entity,
        bad=_CUSTOMER + "event CustomerUpdated of crm {customer_id, name, street, city}",
        good=_CUSTOMER + "event CustomerMoved of crm {customer_id, street, city}",
    ),
    Rule(
        id="S04",
        name="old-and-new",
        severity="note",
        reason="Pairs of old and new values are a diff of a table; the reason is lost.",
        criterion="An event pairs old and new, or previous and current, values of two or more fields.",
        source="Dudycz: Property Sourcing.",
        needs=facts("fields"),
        check=_old_and_new,
        bad="event CustomerRevised of crm {customer_id, old_street, new_street, old_city, new_city}",
        good="event CustomerMoved of crm {customer_id, street, city}",
    ),
    Rule(
        id="S12",
        name="command-with-derived-data",
        severity="note",
        reason="What the handler can compute, the sender can only get wrong.",
        criterion="A command carries a total beside the lines it is the total of, or a resulting state.",
        source="The owner of the data decides.",
        needs=facts("fields"),
        check=_derived,
        bad="command PlaceOrder of orders {order_id, lines: array, total: number}",
        good="command PlaceOrder of orders {order_id, lines: array}",
    ),
)
