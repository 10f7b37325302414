"""Rules about who handles a command: exactly one, somewhere, of the service that owns it."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import bag


def _no_handler(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        said = [one for one in of(index.sayings, command.name) if one.verb in {"send", "execute", "unknown"}]
        outside = command.owner is not None and _outside(index, command.owner)
        if said and not of(index.handlings, command.name) and not outside:
            yield Sight(
                subject=command.name,
                service=said[0].service,
                place=said[0].place or command.place,
                text=f"{said[0].service} sends {command.written}, and no service handles it.",
                mend=f"Write the handler in {command.owner or 'the owning service'}, or delete the command.",
            )


def _outside(index: Index, service: str) -> bool:
    known = index.services.get(service)
    return known is not None and known.outside


def _many_handlers(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        found = of(index.handlings, command.name)
        if len(found) > 1 and index.declared(command.name):
            names = ", ".join(f"{one.service}.{one.name}" for one in found)
            yield Sight(
                subject=command.name,
                service=found[1].service,
                place=found[1].place or command.place,
                related=tuple(one.place for one in found if one.place),
                text=f"{command.written} is a command and has {len(found)} handlers: {names}.",
                mend="Keep one handler; let it publish an event that the others subscribe to.",
            )


def _never_sent(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        found = of(index.handlings, command.name)
        if found and index.declared(command.name) and not of(index.sayings, command.name) and not command.public:
            yield Sight(
                subject=command.name,
                service=found[0].service,
                place=found[0].place or command.place,
                text=f"{command.written} has a handler, and nobody in the fleet sends it.",
                mend="Delete it, or mark it as an entry from outside.",
            )


def _foreign_schema(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        for handling in of(index.handlings, command.name):
            if command.owner and handling.service != command.owner and index.declared(command.name):
                yield Sight(
                    subject=command.name,
                    service=handling.service,
                    place=handling.place or command.place,
                    text=f"{handling.service} handles {command.written}, whose words belong to {command.owner}.",
                    mend=f"Move the command's schema to {handling.service}: who handles it owns it.",
                )
                break


def _awaited_in_vain(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        waiting = [one for one in of(index.sayings, command.name) if one.waits or one.verb == "execute"]
        answers = (
            command.result or command.rejections or any(one.rejections for one in of(index.handlings, command.name))
        )
        elsewhere = set(of(index.receivers, command.name)) - {one.service for one in waiting}
        if waiting and not answers and elsewhere and index.declared(command.name):
            yield Sight(
                subject=command.name,
                service=waiting[0].service,
                place=waiting[0].place or command.place,
                text=f"{waiting[0].service} waits for {command.written}, which declares neither result nor rejection.",
                mend="Declare what the handler answers, or send the command without waiting.",
                severity="note" if any(index.topology.unknown.values()) else None,
            )


def _broadcast(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.messages.values():
        services = of(index.receivers, event.name)
        if len(services) < _TWO or index.kind(event.name) == "command" or index.kind(event.name) == "query":
            continue
        verbs = {one.name.replace("-", "_").split("_")[0].lower() for one in of(index.handlings, event.name)}
        names = {one.name for one in of(index.handlings, event.name)}
        if len(verbs) == 1 and not verbs & _COLOURLESS and all("_" in name or "-" in name for name in names):
            found = of(index.handlings, event.name)
            yield Sight(
                subject=event.name,
                service=found[0].service,
                place=found[0].place or event.place,
                related=tuple(one.place for one in found if one.place),
                text=f"{', '.join(services)} all {next(iter(verbs))} on {event.written}: one order, obeyed "
                f"{len(services)} times.",
                mend="Give the work one owner and send it a command; let the others decide on its event.",
            )


_TWO = 2
_COLOURLESS = bag(
    "on handle handler when process receive consume update record log note project index cache listen hear "
    "react "
    "observe track audit store save sync copy get forward notify dispatch event subscribe subscriber test"
)

RULES = (
    Rule(
        id="G01",
        name="command-no-handler",
        severity="error",
        reason="A command that nobody handles is an order into the void; the sender waits for an effect "
        "that cannot come.",
        criterion="A command is sent, and no service of the fleet handles it.",
        source="The definition of the kinds: exactly one handler.",
        needs=facts("handlers", "sayings"),
        whole=True,
        check=_no_handler,
        bad="command ShipOrder of shipping {order_id}\norders/place sends ShipOrder",
        good="command ShipOrder of shipping {order_id}\norders/place sends ShipOrder\nshipping/ship handles ShipOrder",
    ),
    Rule(
        id="G02",
        name="command-many-handlers",
        severity="error",
        reason="With two handlers nobody knows whose answer counts, and the work is done twice.",
        criterion="A command has more than one handler, in one service or in several.",
        source="NServiceBus: one logical owner handles a command.",
        needs=facts("handlers"),
        check=_many_handlers,
        bad="command ShipOrder of shipping {order_id}\nshipping/ship handles ShipOrder\nbilling/bill handles ShipOrder",
        good="command ShipOrder of shipping {order_id}\nevent OrderShipped of shipping {order_id, at}\n"
        "shipping/ship handles ShipOrder\nshipping/ship publishes OrderShipped\n"
        "billing/bill handles OrderShipped",
    ),
    Rule(
        id="G03",
        name="command-never-sent",
        severity="note",
        reason="A handler that nobody calls is dead code, or an entry that is not marked as one.",
        criterion="A command has a handler, nobody in the fleet sends it, and it is not marked public.",
        source="Dead code.",
        needs=facts("entries", "handlers", "sayings"),
        whole=True,
        check=_never_sent,
        bad="command ShipOrder of shipping {order_id}\nshipping/ship handles ShipOrder",
        good="command ShipOrder of shipping {order_id}; public\nshipping/ship handles ShipOrder",
    ),
    Rule(
        id="G08",
        name="foreign-command-schema",
        severity="error",
        reason="Who must obey a command says how it is worded; else every sender may change what the "
        "handler must read.",
        criterion="The service that handles a command is not the owner of its schema.",
        source="The definition of the kinds: the handler owns the command.",
        needs=facts("owners", "handlers"),
        check=_foreign_schema,
        bad="command ShipOrder of orders {order_id}\nshipping/ship handles ShipOrder",
        good="command ShipOrder of shipping {order_id}\nshipping/ship handles ShipOrder",
    ),
    Rule(
        id="G22",
        name="broadcast-of-commands",
        severity="warning",
        reason="Several services that do the same thing on one message obey an order; nobody decides and "
        "nobody owns the work.",
        criterion="Services that receive one message all handle it with functions of the same verb of effect.",
        source="The definition of the kinds: an event leaves the decision to each subscriber.",
        needs=facts("handlers"),
        check=_broadcast,
        bad="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
        "stock/reserve_goods handles OrderPlaced\nwarehouse/reserve_shelf handles OrderPlaced",
        good="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
        "stock/reserve_goods handles OrderPlaced\nemail/confirm_order handles OrderPlaced",
    ),
    Rule(
        id="G34",
        name="command-without-rejection-or-result-but-awaited",
        severity="warning",
        reason="Who waits wants an answer; a command that declares none leaves the sender guessing what the "
        "silence meant.",
        criterion="A sender waits for a command of another service that declares neither a result nor a rejection; "
        "a note where the source is read from outside and may declare one unseen.",
        source="The definition of the kinds: a command has an outcome.",
        needs=facts("waits", "rejections"),
        check=_awaited_in_vain,
        bad="command ChargeCard of payments {order_id}\norders/place executes ChargeCard; waits\n"
        "payments/charge handles ChargeCard",
        good="command ChargeCard of payments {order_id}; result Receipt; rejects CardDeclined\n"
        "orders/place executes ChargeCard; waits\npayments/charge handles ChargeCard",
    ),
)
