"""Rules about what the body of an event must say: who, when, what; one fact and not a flag."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Severity, Sight
from tense.rules.meaning.graph import Field, Message
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import is_bare, is_id, is_plumbing, is_time, named, words


def _events(index: Index) -> Iterator[tuple[Message, tuple[Field, ...]]]:
    for event in index.events:
        if event.fields:
            yield event, event.fields


def _sight(message: Message, text: str, mend: str, *, field: Field | None = None, severity: Severity | None = None) -> Sight:
    return Sight(
        subject=message.name,
        service=message.owner,
        place=(field.place if field else None) or message.place,
        text=text,
        mend=mend,
        severity=severity,
    )


def _clickbait(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        foreign = [one for one in of(index.receivers, event.name) if one not in of(index.speakers, event.name)]
        if foreign and is_bare(event) and any(map(is_id, fields)):
            yield _sight(
                event,
                f"{event.written} says only which one, and {foreign[0]} must ask what happened to it.",
                "Say in the event what changed.",
            )


_INSTRUCTIONS = frozenset(
    "action command instruction instructions todo nextaction nextstep next target recipient recipients replyto callbackurl callback".split()
)


def _instruction(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        found = named(fields, _INSTRUCTIONS)
        if found:
            yield _sight(
                event,
                f"{event.written} carries {_listed(found)}: it tells somebody what to do.",
                "Send a command; keep in the event what happened.",
                field=found[0],
            )


def _listed(fields: list[Field]) -> str:
    names = [field.name for field in fields[:4]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


_LINKS = frozenset({"url", "href", "link", "uri"})


def _link_only(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        links = [field for field in fields if words(field.name)[-1:] and words(field.name)[-1] in _LINKS]
        rest = [field for field in fields if field not in links and not (is_id(field) or is_time(field) or is_plumbing(field))]
        if links and not rest:
            yield _sight(
                event,
                f"{event.written} holds a link ({links[0].name}) and no field of the domain.",
                "If it is a notification, declare it so; else say what happened.",
                field=links[0],
            )


_SWITCHES = frozenset(
    "type operation eventtype action op changetype operationtype kind eventaction crudtype mutationtype crud method".split()
)
_CRUD_WORDS = frozenset(
    "create created insert inserted add added update updated modify modified change changed delete deleted remove removed upsert c u d".split()
)


def _type_switch(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        if index.kind(message.name) not in {"event", "unknown"}:
            continue
        for field in named(message.fields or (), _SWITCHES):
            tails = {words(value)[-1] for value in field.values if words(value)}
            if len(tails & _CRUD_WORDS) > 1:
                yield _sight(
                    message,
                    f"{message.written} is {len(field.values)} facts behind the switch {field.name}.",
                    "Make one message for each fact.",
                    field=field,
                )
                break


_FLAGS = frozenset(
    "success successful succeeded issuccess issuccessful ok isok approved isapproved accepted isaccepted failed isfailed rejected passed".split()
)
_BOOLEANS = frozenset({"boolean", "bool"})


def _boolean_fact(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        found = [field for field in named(fields, _FLAGS) if field.type in _BOOLEANS]
        if found:
            yield _sight(
                event,
                f"{event.written} is two facts: {found[0].name} tells which of them happened.",
                "Make one event for each outcome, each with its own name.",
                field=found[0],
            )


_ERRORS = frozenset(
    "error errors exception stacktrace errormessage errorcode exceptionmessage traceback errordetails errordetail".split()
)
_BAD_NEWS = frozenset(
    "failed fail failure error errored rejected declined refused denied aborted crashed dead expired invalid unable cannot exception faulted "
    "timed timeout lost broken cancelled canceled bounced dropped completed finished ended stopped".split()
)


def _error_inside(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        found = named(fields, _ERRORS)
        if found and not set(words(event.written)) & _BAD_NEWS:
            yield _sight(
                event,
                f"{event.written} carries {found[0].name}: did it happen, or did it fail?",
                "Make the failure a fact of its own, or a rejection of the command.",
                field=found[0],
            )


def _no_subject(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        keyed = event.key or any(is_id(field) or "id" in words(field.name) for field in fields)
        if keyed or any(_may_name(field, event) for field in fields):
            continue
        sure = index.kinds[event.name].ground == "declared"
        yield _sight(
            event,
            f"No field of {event.written} says which one it happened to.",
            "Add the id of its subject, and declare it as the key.",
            severity=None if sure else "note",
        )


_NAMING = frozenset(
    "id name email username user login address path url uri topic slug symbol iban isbn vin serial sender customer subject host".split()
)
_NESTED = frozenset({"object", "unknown", "any", "ref"})


def _may_name(field: Field, event: Message) -> bool:
    """True where the field may hold the subject: a name, or a part whose inside is not seen."""
    found = set(words(field.name))
    return field.type in _NESTED or field.type[:1].isupper() or field.type.startswith("array") or bool(found & (_NAMING | set(words(event.written))))


_TIME_HEADERS = frozenset("time timestamp cetime occurredat date sentat createdat eventtime datetime publishedat".split())


def _no_time(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in _events(index):
        if event.headers is None and index.kinds[event.name].ground != "declared":
            continue
        headers = {"".join(words(header)) for header in event.headers or ()}
        nested = any(field.type in _NESTED for field in fields)
        if headers & _TIME_HEADERS or any(map(is_time, fields)) or nested:
            continue
        yield _sight(
            event,
            f"Neither body nor envelope of {event.written} says when it happened.",
            "Let the envelope carry the time of the fact.",
            severity=None if event.headers is not None else "note",
        )


_HEARD = "\norders/place publishes {0}\nemail/confirm handles {0}"

RULES = (
    Rule(
        id="S01",
        name="clickbait",
        severity="warning",
        reason="An event that says only that something happened makes every subscriber call back to learn what.",
        criterion="The body holds ids and times only, and another service subscribes.",
        source="Dudycz: the clickbait event.",
        needs=facts("fields", "handlers"),
        check=_clickbait,
        bad="event OrderRepriced of orders {order_id, occurred_at}" + _HEARD.format("OrderRepriced"),
        good="event OrderRepriced of orders {order_id, occurred_at, total: number}" + _HEARD.format("OrderRepriced"),
    ),
    Rule(
        id="S05",
        name="instruction-in-event",
        severity="warning",
        reason="A fact does not tell its reader what to do next.",
        criterion="An event has a field such as action, command, instruction, next, target, recipient, replyTo or callbackUrl.",
        source="Fowler: the passive-aggressive command.",
        needs=facts("fields"),
        check=_instruction,
        bad="event OrderPlaced of orders {order_id, next_action}",
        good="event OrderPlaced of orders {order_id, total: number}",
    ),
    Rule(
        id="S06",
        name="callback-link-only",
        severity="note",
        reason="A link is a promise that the answer will still be there, and the same, when it is read.",
        criterion="An event has a url, href or link and no field of the domain.",
        source="Fowler: event notification.",
        needs=facts("fields"),
        check=_link_only,
        bad="event OrderPlaced of orders {order_id, href}",
        good="event OrderPlaced of orders {order_id, href, total: number}",
    ),
    Rule(
        id="S07",
        name="type-switch-field",
        severity="warning",
        reason="One message for create, update and delete is three facts that every subscriber must take apart again.",
        criterion="A field such as type or operation allows two or more of the values create, update, delete and their like.",
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
        criterion="Neither the body nor the envelope of an event says when it happened.",
        source="Verraes: Multi-temporal Events.",
        needs=facts("fields"),
        check=_no_time,
        bad="event OrderPlaced of orders {order_id, total: number}; headers id, source",
        good="event OrderPlaced of orders {order_id, total: number}; headers id, source, time",
    ),
)
