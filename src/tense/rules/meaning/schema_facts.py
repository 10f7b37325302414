"""Rules about what the body of an event must say: who, when, what; one fact and not a flag."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Field, Message
from tense.rules.meaning.index import Index
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.schema import events, sight
from tense.rules.meaning.wording import bag, is_id, is_time, named, words

_SWITCHES = bag(
    "type operation eventtype action op changetype operationtype kind eventaction crudtype mutationtype crud method"
)
_CRUD_WORDS = bag(
    "create created insert inserted add added update updated modify modified change changed delete deleted "
    "remove removed upsert c u d"
)


def _type_switch(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        if index.kind(message.name) not in {"event", "unknown"}:
            continue
        for field in named(message.fields or (), _SWITCHES):
            tails = {words(value)[-1] for value in field.values if words(value)}
            if len(tails & _CRUD_WORDS) > 1:
                yield sight(
                    message,
                    f"{message.written} is {len(field.values)} facts behind the switch {field.name}.",
                    "Make one message for each fact.",
                    field=field,
                )
                break


_FLAGS = bag(
    "success successful succeeded issuccess issuccessful ok isok approved isapproved accepted isaccepted "
    "failed isfailed rejected passed"
)
_BOOLEANS = frozenset({"boolean", "bool"})


def _boolean_fact(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        found = [field for field in named(fields, _FLAGS) if field.type in _BOOLEANS]
        if found:
            yield sight(
                event,
                f"{event.written} is two facts: {found[0].name} tells which of them happened.",
                "Make one event for each outcome, each with its own name.",
                field=found[0],
            )


_ERRORS = bag(
    "error errors exception stacktrace errormessage errorcode exceptionmessage traceback errordetails errordetail"
)
_BAD_NEWS = bag(
    "failed fail failure error errored rejected declined refused denied aborted crashed dead expired invalid "
    "unable cannot exception faulted "
    "timed timeout lost broken cancelled canceled bounced dropped completed finished ended stopped"
)


def _error_inside(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        found = [field for field in named(fields, _ERRORS) if not field.type.startswith("array")]
        if found and not set(words(event.written)) & _BAD_NEWS:
            yield sight(
                event,
                f"{event.written} carries {found[0].name}: did it happen, or did it fail?",
                "Make the failure a fact of its own, or a rejection of the command.",
                field=found[0],
            )


def _no_subject(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        keyed = event.key or any(is_id(field) or "id" in words(field.name) for field in fields)
        if keyed or any(_may_name(field, event) for field in fields):
            continue
        sure = index.kinds[event.name].ground == "declared"
        yield sight(
            event,
            f"No field of {event.written} says which one it happened to.",
            "Add the id of its subject, and declare it as the key.",
            severity=None if sure else "note",
        )


_NAMING = bag(
    "id name email username user login address path url uri topic slug symbol iban isbn vin serial sender "
    "customer subject host"
)
_NESTED = frozenset({"object", "unknown", "any", "ref"})


def _may_name(field: Field, event: Message) -> bool:
    """True where the field may hold the subject: a name, or a part whose inside is not seen."""
    found = set(words(field.name))
    return (
        field.type in _NESTED
        or field.type[:1].isupper()
        or field.type.startswith("array")
        or bool(found & (_NAMING | set(words(event.written))))
    )


_TIME_HEADERS = bag("time timestamp cetime occurredat date sentat createdat eventtime datetime publishedat")


def _no_time(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        if event.headers is None or (not event.headers and not index.declared(event.name)):
            continue
        headers = {"".join(words(header)) for header in event.headers or ()}
        nested = any(field.type in _NESTED for field in fields)
        if headers & _TIME_HEADERS or any(map(is_time, fields)) or nested:
            continue
        yield sight(
            event,
            f"Neither body nor envelope of {event.written} says when it happened.",
            "Let the envelope carry the time of the fact.",
            severity=None if event.headers else "note",
        )


RULES = (
    Rule(
        id="S07",
        name="type-switch-field",
        severity="warning",
        reason="One message for create, update and delete is three facts that every subscriber must take apart again.",
        criterion="A field such as type or operation allows two or more of the values create, update, "
        "delete and their like.",
        source="Dudycz: CRUD sourcing.",
        needs=facts("fields"),
        check=_type_switch,
        bad="event CustomerRevised of crm {customer_id, operation: create|update|delete}",
        good="event CustomerMoved of crm {customer_id, address, kind: private|company}",
    ),
    Rule(
        id="S08",
        name="boolean-fact",
        severity="warning",
        reason="A flag that turns the fact into its opposite makes the name a lie half of the time.",
        criterion="An event has a boolean such as success, ok or approved.",
        source="Verraes: Natural Language Message Names.",
        needs=facts("fields"),
        check=_boolean_fact,
        bad="event PaymentProcessed of payments {payment_id, success: boolean}",
        good="event PaymentTaken of payments {payment_id, amount: number}",
    ),
    Rule(
        id="S09",
        name="error-in-event",
        severity="warning",
        reason="An error inside a fact leaves open whether the fact is one.",
        criterion="An event whose name tells no failure has a field such as error, exception or stackTrace.",
        source="The definition of the kinds: a refusal is an answer.",
        needs=facts("fields"),
        check=_error_inside,
        bad="event CardCharged of payments {payment_id, error?}",
        good="event ChargeFailed of payments {payment_id, error}",
    ),
    Rule(
        id="S10",
        name="no-subject-id",
        severity="error",
        reason="A fact about nobody can be neither kept in order nor looked up.",
        criterion="No field of an event names its subject, and it declares no key.",
        source="Dudycz: ids that must not be sliced off.",
        needs=facts("fields"),
        check=_no_subject,
        bad="event GoodsWeighed of stock {total: number, currency}",
        good="event GoodsWeighed of stock {pallet_id, total: number, currency}",
    ),
    Rule(
        id="S11",
        name="no-time-of-fact",
        severity="warning",
        reason="A late event without its own time is taken for a fresh one.",
        criterion="Neither body nor envelope of an event says when it happened; a note where no envelope is described.",
        source="Verraes: Multi-temporal Events.",
        needs=facts("fields"),
        check=_no_time,
        bad="event OrderPlaced of orders {order_id, total: number}; headers id, source",
        good="event OrderPlaced of orders {order_id, total: number}; headers id, source, time",
    ),
)
