"""Rules about the shape of bodies: too much, too loose, too inward, or no longer what it was."""

from collections.abc import Iterable, Iterator

from tense.rules.meaning.finding import Severity, Sight
from tense.rules.meaning.graph import Field, Message
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import is_id, is_plumbing, is_time, named, words

_SOME = 3


def _sight(message: Message, text: str, mend: str, *, field: Field | None = None, severity: Severity | None = None) -> Sight:
    return Sight(
        subject=message.name,
        service=message.owner,
        place=(field.place if field else None) or message.place,
        text=text,
        mend=mend,
        severity=severity,
    )


def _optional(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        fields = event.fields or ()
        loose = [field for field in fields if not field.required]
        first = {field.name for field in event.released or ()}
        added = [field for field in loose if event.released is not None and field.name not in first]
        many = len(fields) > _SOME and len(loose) > thresholds.optional_fields * len(fields)
        # A schema that requires nothing at all states no opinion on its fields.
        if len(added) >= _SOME or (many and len(loose) < len(fields)):
            yield _sight(
                event,
                f"{len(loose)} of the {len(fields)} fields of {event.written} are optional: it tells several facts by what it leaves out.",
                "Make a new event type for what the new fields tell.",
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
            twin = next((one for one in others if len(mine & _names(one.fields)) >= thresholds.entity_fields * len(_names(one.fields))), None)
            updates = bool(set(words(event.written)) & _UPDATES)
            if index.kind(event.name) == "event" and updates and twin is not None and len(mine) >= _SOME:
                yield _sight(
                    event,
                    f"{event.written} repeats the whole entity, as {twin.written} does, and does not say what changed.",
                    "Say what happened, and carry what it changed.",
                )


def is_link(message: Message) -> bool:
    """True where the body is so small that it can hold no entity."""
    return len(_names(message.fields)) < _SOME


_CRUD = frozenset("created updated deleted changed saved modified removed create update delete save modify remove upsert upserted add added".split())
_UPDATES = frozenset("updated changed saved modified update change upserted".split())
_SUFFIXES = frozenset("event command message".split())


def _names(fields: Iterable[Field] | None) -> frozenset[str]:
    return frozenset("".join(words(field.name)) for field in fields or () if not is_plumbing(field) and not is_time(field))


def _old_and_new(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        names = {words(field.name) for field in event.fields or ()}
        olds = {rest for first, *rest_list in names if (rest := tuple(rest_list)) and first in {"old", "previous", "prev", "former"}}
        news = {tuple(rest) for first, *rest in names if first in {"new", "current", "updated"}} | names
        pairs = sorted(" ".join(one) for one in olds & news)
        if len(pairs) > 1:
            yield _sight(
                event,
                f"{event.written} lists old and new values ({', '.join(pairs[:4])}) instead of saying what happened.",
                "Name the intent: what made these values change?",
            )


_TOTALS = frozenset("total totalprice totalamount grandtotal subtotal taxtotal totalcents runningbalance newbalance newstatus resultingstatus".split())


def _derived(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        found = named(command.fields or (), _TOTALS)
        lists = [field for field in command.fields or () if field.type.startswith(("array", "list", "tuple"))]
        if found and (lists or words(found[0].name)[0] in {"running", "new", "resulting"}):
            yield _sight(
                command,
                f"{command.written} tells its handler {found[0].name}, which the handler can work out and the sender may have wrong.",
                "Leave it out; let the owner of the data compute it.",
                field=found[0],
            )


def _personal(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        found = [field for field in event.fields or () if field.personal]
        if found and not event.forgettable:
            yield _sight(
                event,
                f"{event.written} keeps personal data ({', '.join(field.name for field in found[:4])}) in a log that is never rewritten.",
                "Encrypt it under a key that can be thrown away, or keep it elsewhere and log a reference.",
                field=found[0],
            )


_INWARD = frozenset(
    "rowversion tableid dbid rev rowid tablename columnname partition partitionid shard shardid classname pythonclass objectclass javaclass "
    "primarykey xmin ctid lsn hibernateversion entityclass internalid databaseid".split()
)


def _leaky(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        found = named(message.fields or (), _INWARD)
        if found:
            yield _sight(
                message,
                f"{message.written} lets {', '.join(field.name for field in found[:4])} out of its service.",
                "Keep keys of rows, partitions and classes inside; say it in words of the domain.",
                field=found[0],
            )


def _breaking(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        if message.released is None or message.fields is None:
            continue
        now = {field.name: field for field in message.fields}
        before = {field.name: field for field in message.released}
        broken = [f"{name} is gone" for name in before if name not in now]
        broken += [f"{name} is new and required" for name, field in now.items() if name not in before and field.required]
        broken += [_narrowed(old, now[name]) for name, old in before.items() if name in now and _narrowed(old, now[name])]
        if broken:
            yield _sight(
                message,
                f"{message.written} no longer fits its last release: {'; '.join(broken[:4])}.",
                "Make it optional, raise the version with an upcast, or make a new message.",
            )


def _narrowed(old: Field, new: Field) -> str:
    if "unknown" not in {old.type, new.type} and old.type != new.type and (old.type, new.type) != ("integer", "number"):
        return f"{old.name} was {old.type} and is {new.type}"
    if new.required and not old.required:
        return f"{old.name} has become required"
    if new.values and set(old.values or new.values) - set(new.values):
        return f"{old.name} has lost values"
    return ""


_MONEY_VERBS = frozenset("charge pay refund transfer withdraw deposit debit credit capture reserve allocate ship buy sell".split())
_MONEY_FIELDS = frozenset("amount price amountcents quantity qty sum value cents units".split())


def _no_deadline(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        moves = bool(set(words(command.written)[:1]) & _MONEY_VERBS) and named(command.fields or (), _MONEY_FIELDS)
        inside = any(set(words(field.name)) & {"deadline", "expires", "expiry", "valid", "ttl", "until"} for field in command.fields or ())
        if moves and command.deadline is None and not inside and index.kinds[command.name].ground == "declared":
            yield _sight(
                command,
                f"{command.written} moves money or stock and has no deadline: it may be carried out days too late.",
                "Declare a deadline.",
            )


_RAW = frozenset({"bytes", "binary", "base64", "byte"})


def _large(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        size = message.sample_bytes or 0
        endless = [field for field in message.fields or () if field.bounded is False]
        if size > thresholds.sample_bytes:
            yield _sight(
                message,
                f"An example of {message.written} has {size // 1024} kB.",
                "Store the bulk elsewhere and send a reference.",
            )
        elif endless:
            yield _sight(
                message,
                f"The list {endless[0].name} of {message.written} has no limit.",
                "State a limit, or send a reference.",
                field=endless[0],
                severity="note",
            )


def _free_form(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        if message.free_form and (of(index.sayings, message.name) or of(index.handlings, message.name) or message.kind != "unknown"):
            yield _sight(
                message,
                f"The body of {message.written} may be anything: no reader can rely on a single field.",
                "Describe its fields.",
            )


_ORDER = "event OrderPlaced of orders "
_CUSTOMER = "event CustomerCreated of crm {customer_id, name, street, city}\n"

RULES = (
    Rule(
        id="S02",
        name="just-one-more-field",
        severity="warning",
        reason="Optional fields pile up when new facts are pressed into an old event.",
        criterion="More than half of an event's fields (of 4 or more) are optional, or 3 or more optional ones came after the last release.",
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
        criterion="An event with a CRUD name repeats 80 % or more of the fields of a sister message about the same entity.",
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
    Rule(
        id="S13",
        name="personal-data-in-log",
        severity="warning",
        reason="A log is kept for ever; a person may ask to be forgotten.",
        criterion="An event has fields marked personal, and no scheme to forget them.",
        source="Verraes: Forgettable Payloads, Crypto-Shredding.",
        needs=facts("fields"),
        check=_personal,
        bad="event CustomerMoved of crm {customer_id, street: personal}",
        good="event CustomerMoved of crm {customer_id, street: personal}; forgettable",
    ),
    Rule(
        id="S14",
        name="leaky-internal",
        severity="warning",
        reason="What leaks out of a table must stay as it is for as long as anybody reads it.",
        criterion="A message has a field such as rowVersion, tableId, dbId, _rev, a class name or a partition.",
        source="Ben Morris: leaky events.",
        needs=facts("fields"),
        check=_leaky,
        bad=_ORDER + "{order_id, row_version: integer}",
        good=_ORDER + "{order_id, revision: integer}",
    ),
    Rule(
        id="S15",
        name="breaking-change",
        severity="error",
        reason="Messages outlive deployments: who was not upgraded, and the log, still speak the old form.",
        criterion="Against the last release a field is gone, narrowed, or new and required.",
        source="Schema registries.",
        needs=facts("fields"),
        check=_breaking,
        bad=_ORDER + "{order_id}; released {order_id, total: number}",
        good=_ORDER + "{order_id, total: number, note?}; released {order_id, total: number}",
    ),
    Rule(
        id="S16",
        name="command-deadline-missing",
        severity="note",
        reason="An order that is carried out a week late does harm; after its deadline it is not started.",
        criterion="A command that moves money or stock declares no deadline.",
        source="The definition of the kinds: a command has a deadline.",
        needs=facts("fields", "kinds"),
        check=_no_deadline,
        bad="command ChargeCard of payments {payment_id, amount: number}",
        good="command ChargeCard of payments {payment_id, amount: number}; deadline 60",
    ),
    Rule(
        id="S17",
        name="large-payload",
        severity="warning",
        reason="Brokers are for many small messages; one large one holds up the rest, or is refused on a busy day.",
        criterion="A sample is larger than 64 kB, or a list has no limit (a note only).",
        source="Questions about event management, arXiv 2408.00440.",
        needs=facts("fields"),
        check=_large,
        bad=_ORDER + "{order_id, scan}; sample 900000",
        good=_ORDER + "{order_id, scan_url}; sample 900",
    ),
    Rule(
        id="S18",
        name="free-form",
        severity="warning",
        reason="A body without a schema is a contract without words.",
        criterion="A message that is used, or has a declared kind, has any object as its body.",
        source="Spectral and other schema rules.",
        needs=facts("fields"),
        check=_free_form,
        bad=_ORDER + "{*}",
        good=_ORDER + "{order_id, total: number}",
    ),
)
