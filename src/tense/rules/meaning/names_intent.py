"""Rules about intent: names that say a change of data, a machine, or nothing, but not why."""

from collections import defaultdict
from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Message
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.names import seen, taken_for
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import bag, words


def _crud_event(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        if signs.crud and signs.mood == "past" and not signs.single_past:
            yield seen(
                event,
                f"{event.written} says that a record changed, and not what happened.",
                "Name the reason (CustomerMovedHouse), unless the data itself is the business here.",
            )


def _crud_command(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in taken_for(index, "command"):
        if signs.crud and signs.mood == "imperative" and len(signs.words) > 1:
            yield seen(
                command,
                f"{command.written} asks for a change of a record, and not for what is wanted.",
                "Name the intent (ChangeDeliveryAddress), unless the data itself is the business here.",
            )


def _home(index: Index, message: Message) -> str:
    return message.owner or next(iter(of(index.speakers, message.name)), "")


_PARTS = frozenset({"object", "unknown"})
"""A field that is a thing of its own is no property."""


def _property_event(index: Index, _: Thresholds) -> Iterator[Sight]:
    found: defaultdict[str, list[Message]] = defaultdict(list)
    # What is opened and closed as well is a thing with a life of its own, and no property.
    things = {signs.words[:-1] for _, signs in taken_for(index, "event") if not signs.property_changed}
    for event, signs in taken_for(index, "event"):
        subject = "".join(signs.words[:-1])
        fields = {"".join(words(field.name)) for field in event.fields or () if field.type not in _PARTS}
        alive = signs.status_changed or signs.words[:-1] in things
        if signs.property_changed and not alive and any(subject.endswith(field) for field in fields if field):
            found[_home(index, event)].append(event)
    for group in found.values():
        for event in group if len(group) > 1 else ():
            others = ", ".join(one.written for one in group if one is not event)
            yield seen(
                event,
                f"{event.written} is the change of one field, beside {others}.",
                "Name what happened to the whole (PersonRenamed).",
            )


def _status_changed(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        if signs.status_changed:
            yield seen(
                event,
                f"{event.written} says that the status changed, and not to what: subscribers must look inside or ask.",
                "Make one event for each change that matters (OrderShipped).",
            )


_PLUMBING = bag("row cache kafka database db sql entity dto payload tuple cursor column")


def _technical(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message, signs in taken_for(index, "command", "event"):
        if signs.technical:
            plain = bool(set(signs.words) & _PLUMBING) and index.declared(message.name)
            yield seen(
                message,
                f"{message.written} speaks of the machinery and not of the business.",
                "Name the fact or the order behind it.",
                severity=None if plain else "note",
            )


def _vague(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command, signs in taken_for(index, "command"):
        if signs.vague:
            yield seen(
                command,
                f"{command.written} could mean anything that one does with it.",
                "Name the decision that is asked for (ApproveOrder).",
            )


def _negative(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, signs in taken_for(index, "event"):
        if signs.negative and not signs.rejection_like:
            yield seen(
                event,
                f"{event.written} tells what did not happen; nothing happens at no particular time.",
                "Name the moment that made it known (PaymentDeadlinePassed).",
            )


RULES = (
    Rule(
        id="N09",
        name="crud-event",
        severity="note",
        reason="Created, updated, deleted tell what a table saw; the business saw something with a reason.",
        criterion="An event that says Created, Updated, Deleted, Changed, Saved, Modified or Removed of a bare entity.",
        source="Dudycz: CRUD sourcing; Comartin.",
        check=_crud_event,
        bad="event CustomerUpdated of crm {customer_id}",
        good="event CustomerMovedHouse of crm {customer_id}",
    ),
    Rule(
        id="N10",
        name="crud-command",
        severity="note",
        reason="A command that sets fields leaves the rules of the business to its sender.",
        criterion="A command that says Create, Update, Delete, Save, Upsert, Set or Modify of a bare entity.",
        source="Comartin.",
        check=_crud_command,
        bad="command UpdateOrder of orders {order_id}",
        good="command ChangeDeliveryAddress of orders {order_id}",
    ),
    Rule(
        id="N11",
        name="property-event",
        severity="warning",
        reason="One event for each field makes one happening into many, and none of them says what it was.",
        criterion="Two or more events of one owner say Changed, Updated or Set of a single field of their body.",
        source="Dudycz: Property Sourcing.",
        needs=facts("fields"),
        check=_property_event,
        bad="event FirstNameChanged of people {person_id, first_name}\n"
        "event LastNameChanged of people {person_id, last_name}",
        good="event PersonRenamed of people {person_id, first_name, last_name}",
    ),
    Rule(
        id="N12",
        name="status-changed",
        severity="warning",
        reason="A changed status is a headline without the story.",
        criterion="An event that says StatusChanged, StateChanged, StatusUpdated or StateUpdated.",
        source="Dudycz: the clickbait event.",
        check=_status_changed,
        bad="event OrderStatusChanged of orders {order_id, status}",
        good="event OrderShipped of orders {order_id}",
    ),
    Rule(
        id="N13",
        name="technical-name",
        severity="warning",
        reason="Rows and queues are no matter of the business; who reads such an event depends on your database.",
        criterion="A name with a verb and a word such as Row, Cache, Kafka, Database, Entity or Dto; a note "
        "for Record, Table, Queue, Topic and Message, which businesses have too.",
        source="Event soup; Verraes: Change Detection Events.",
        check=_technical,
        bad="event RowInserted of stock {row_id}",
        good="event GoodsReceived of stock {delivery_id}",
    ),
    Rule(
        id="N14",
        name="vague-verb",
        severity="note",
        reason="Process, handle and manage hide the decision that is asked for.",
        criterion="A command that says Process, Handle, Manage, Do, Execute, Perform, Run or Trigger of a bare noun.",
        source="Verraes: Natural Language Message Names.",
        check=_vague,
        bad="command ProcessOrder of orders {order_id}",
        good="command ApproveOrder of orders {order_id}",
    ),
    Rule(
        id="N23",
        name="negative-fact",
        severity="note",
        reason="What did not happen has no moment; what has one is the deadline that passed.",
        criterion="An event with Not, Never, Missing, Cannot, Unable or No in its name.",
        source="Verraes: Passage of Time Event.",
        check=_negative,
        bad="event PaymentNotReceived of billing {invoice_id}",
        good="event PaymentDeadlinePassed of billing {invoice_id}",
    ),
)
