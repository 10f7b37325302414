"""Rules about what a body promises to its readers: privacy, stability, size, any form at all."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Field
from tense.rules.meaning.index import Index
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.schema import sight
from tense.rules.meaning.wording import bag, named, words


def _personal(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        found = [field for field in event.fields or () if field.personal]
        if found and not event.forgettable:
            yield sight(
                event,
                f"{event.written} keeps personal data ({', '.join(field.name for field in found[:4])}) in a "
                "log that is never rewritten.",
                "Encrypt it under a key that can be thrown away, or keep it elsewhere and log a reference.",
                field=found[0],
            )


_INWARD = bag(
    "rowversion tableid dbid rev rowid tablename columnname partition partitionid shard shardid classname "
    "pythonclass objectclass javaclass "
    "primarykey xmin ctid lsn hibernateversion entityclass internalid databaseid"
)


def _leaky(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        found = named(message.fields or (), _INWARD)
        if found:
            yield sight(
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
        broken += [
            f"{name} is new and required" for name, field in now.items() if name not in before and field.required
        ]
        broken += [
            _narrowed(old, now[name]) for name, old in before.items() if name in now and _narrowed(old, now[name])
        ]
        if broken:
            yield sight(
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


_MONEY_VERBS = bag("charge pay refund transfer withdraw deposit debit credit capture reserve allocate ship buy sell")


_MONEY_FIELDS = bag("amount price amountcents quantity qty sum value cents units")


def _no_deadline(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        moves = bool(set(words(command.written)[:1]) & _MONEY_VERBS) and named(command.fields or (), _MONEY_FIELDS)
        inside = any(
            set(words(field.name)) & {"deadline", "expires", "expiry", "valid", "ttl", "until"}
            for field in command.fields or ()
        )
        # Who executes a command inside a handler gives it the rest of the own deadline.
        said = index.sayings.get(command.name, ())
        given = bool(said) and all(one.verb == "execute" for one in said)
        if (
            moves
            and not given
            and command.deadline is None
            and not inside
            and index.kinds[command.name].ground == "declared"
        ):
            yield sight(
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
            yield sight(
                message,
                f"An example of {message.written} has {size // 1024} kB.",
                "Store the bulk elsewhere and send a reference.",
            )
        elif endless:
            yield sight(
                message,
                f"The list {endless[0].name} of {message.written} has no limit.",
                "State a limit, or send a reference.",
                field=endless[0],
                severity="note",
            )


def _free_form(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        if message.free_form and (
            index.sayings.get(message.name) or index.handlings.get(message.name) or message.kind != "unknown"
        ):
            yield sight(
                message,
                f"The body of {message.written} may be anything: no reader can rely on a single field.",
                "Describe its fields.",
            )


_ORDER = "event OrderPlaced of orders "

RULES = (
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
        by_kind=False,
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
