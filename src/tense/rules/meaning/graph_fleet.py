"""Rules about the fleet as a whole: who hears too much, who knows whom, who shares what."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Handling, Place, Saying
from tense.rules.meaning.graph_chains import OWNERS
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.wording import bag, words

_READERS = ("audit", "analytics", "read-model", "monitoring", "search", "logging", *OWNERS)
_TWO = 2
_FEW_EVENTS = 5
_FEW_SERVICES = 3


def _god_service(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    said = {event.name for event in index.events if of(index.sayings, event.name)}
    inside = [one for one in index.topology.services if not one.outside]
    if len(said) < _FEW_EVENTS or len(inside) < _FEW_SERVICES:
        return
    for service in inside:
        heard = said & {one.message for one in of(index.received_by, service.name)}
        if _only_reads(index, service.name):
            continue
        if len(heard) > thresholds.god_service * len(said) and not index.role(service.name, *_READERS):
            yield Sight(
                subject=service.name,
                service=service.name,
                place=service.place or of(index.received_by, service.name)[0].place,
                text=f"{service.name} subscribes to {len(heard)} of the fleet's {len(said)} events.",
                mend="Split it by purpose; mark read models and audits with a role.",
            )


def _only_reads(index: Index, service: str) -> bool:
    """True for a service that says nothing and takes all it hears into one function: a log or a count."""
    places = {one.place for one in of(index.received_by, service)}
    return not of(index.said_by, service) and len(places) == 1 and None not in places


def _god_event(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        services, fields = of(index.receivers, event.name), event.fields or ()
        if len(services) > thresholds.god_event_subscribers or len(fields) > thresholds.god_event_fields:
            yield Sight(
                subject=event.name,
                service=event.owner,
                place=event.place,
                text=f"{event.written} has {len(services)} subscribers and {len(fields)} fields: it is many "
                "events in one.",
                mend="Split it by what happened, or publish a summary event.",
            )


def _dependencies(index: Index) -> Iterator[tuple[str, str, str, Place | None]]:
    """Who depends on whose words: service, on, message, place."""
    spoken_or_heard: tuple[Saying | Handling, ...] = (*index.topology.sayings, *index.topology.handlings)
    for spoken in spoken_or_heard:
        owner = index.messages[spoken.message].owner
        if owner is None and index.kind(spoken.message) == "event":
            owner = next(iter(of(index.speakers, spoken.message)), None)
        if owner is None and index.kind(spoken.message) == "command":
            owner = next(iter(of(index.receivers, spoken.message)), None)
        if owner and owner != spoken.service:
            yield spoken.service, owner, spoken.message, spoken.place


def _layers(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    depth = {service: level for level, group in enumerate(thresholds.layers) for service in group}
    named = {layer: level for level, group in enumerate(thresholds.layers) for layer in group}
    for one in index.topology.services:
        if one.layer in named:
            depth.setdefault(one.name, named[one.layer])
    apart = [frozenset(group) for group in thresholds.independent]
    seen: set[tuple[str, str]] = set()
    for service, on, message, place in _dependencies(index):
        upward = service in depth and on in depth and depth[service] > depth[on]
        broken = (
            "a lower layer on a higher one"
            if upward
            else "which is forbidden"
            if (service, on) in thresholds.forbidden
            else "though they are declared independent"
            if any(service in group and on in group for group in apart)
            else None
        )
        if broken and (service, on) not in seen:
            seen.add((service, on))
            yield Sight(
                subject=service,
                service=service,
                place=place,
                text=f"{service} depends on {on} through {index.messages[message].written}, {broken}.",
                mend="Turn the dependency round with an event of the lower side, or mend the declared layers.",
            )


def _self_event(index: Index, _: Thresholds) -> Iterator[Sight]:
    if len(index.services) < _TWO:
        return
    for event in index.events:
        speakers, receivers = of(index.speakers, event.name), of(index.receivers, event.name)
        if len(receivers) == 1 and receivers == speakers and index.declared(event.name) and event.public is not True:
            first = of(index.handlings, event.name)[0]
            yield Sight(
                subject=event.name,
                service=receivers[0],
                place=first.place or event.place,
                text=f"{receivers[0]} is the only subscriber of its own {event.written}.",
                mend="Call the function, or take the step in the same unit of work.",
            )


def _timer(index: Index, _: Thresholds) -> Iterator[Sight]:
    for service in index.topology.services:
        ticking = index.role(service.name, "timer", "scheduler", "cron") or set(words(service.name)) & _TIMERS
        sent = [one for one in of(index.said_by, service.name) if index.kind(one.message) == "command"]
        sent = [one for one in sent if words(index.messages[one.message].written)[:1] in _CHORES]
        to = {name for one in sent for name in of(index.receivers, one.message)} - {service.name}
        if ticking and len(to) > 1:
            yield Sight(
                subject=service.name,
                service=service.name,
                place=sent[0].place or service.place,
                text=f"{service.name} keeps time for {', '.join(sorted(to))} by sending each its chores.",
                mend="Publish the passage of time as an event (DayEnded); each service knows what it does then.",
            )


_TIMERS = bag("cron scheduler timer clock beat ticker")
_CHORES = {(verb,) for verb in ("check", "process", "run", "execute", "poll", "sync", "refresh", "clean", "handle")}


def _sends_many(index: Index, thresholds: Thresholds) -> Iterator[Sight]:
    for handling in index.topology.handlings:
        sent = dict.fromkeys(said.message for said in index.inside(handling) if index.kind(said.message) == "command")
        to = {service for command in sent for service in of(index.receivers, command)}
        many = len(sent) > thresholds.commands_of_one_handler and len(to) > thresholds.services_of_one_handler
        if many and not index.role(handling.service, *OWNERS):
            yield Sight(
                subject=handling.message,
                service=handling.service,
                place=handling.place,
                text=f"{handling.service}.{handling.name} sends {len(sent)} commands to {len(to)} services.",
                mend="Make it a process that takes the steps one by one and can undo them.",
            )


def _subscriber_rejects(index: Index, _: Thresholds) -> Iterator[Sight]:
    for handling in index.topology.handlings:
        if handling.rejections and index.kind(handling.message) == "event":
            yield Sight(
                subject=handling.message,
                service=handling.service,
                place=handling.place,
                text=f"{handling.service}.{handling.name} may refuse {handling.message} with "
                f"{', '.join(handling.rejections)}; a fact cannot be refused.",
                mend="Make it a command, or handle the failure where it happens.",
            )


_FOUR_SENT = "".join(
    f"command {name} of {owner}\n{owner}/do_{owner}{number} handles {name}\norders/close sends {name}\n"
    for number, (name, owner) in enumerate(
        (
            ("PickGoods", "stock"),
            ("PackGoods", "stock"),
            ("BookCourier", "shipping"),
            ("RaiseInvoice", "billing"),
        )
    )
)
_FIVE = "".join(
    f"event {name} of {owner}\n{owner}/{owner} publishes {name}\n"
    for name, owner in (
        ("OrderPlaced", "orders"),
        ("OrderCancelled", "orders"),
        ("GoodsPicked", "stock"),
        ("InvoiceRaised", "billing"),
        ("OrderShipped", "shipping"),
    )
)
_HEARS_FOUR = "".join(
    f"hub/on_{name.lower()} handles {name}\n"
    for name in ("OrderPlaced", "OrderCancelled", "GoodsPicked", "InvoiceRaised")
)
_CHORE_SENT = (
    "command CheckStock of stock\ncommand CheckInvoices of billing\nstock/check handles CheckStock\n"
    "billing/check handles CheckInvoices\n"
)

RULES = (
    Rule(
        id="G23",
        name="fan-in-god-service",
        severity="warning",
        reason="A service that hears nearly everything changes with nearly everything.",
        criterion="A service subscribes to more than 60 % of the fleet's events (5 or more, in 3 or more "
        "services) and is not marked as audit, analytics, read-model or the like.",
        source="Taibi et al.: mega service.",
        needs=facts("handlers", "sayings"),
        check=_god_service,
        bad=_FIVE + _HEARS_FOUR,
        good="service hub; role audit\n" + _FIVE + _HEARS_FOUR,
    ),
    Rule(
        id="G24",
        name="god-event",
        severity="note",
        reason="An event that everybody needs or that says everything is several events that were never told apart.",
        criterion="An event has more than 12 subscribing services or more than 40 fields.",
        source="Verraes: Fat Event; Dudycz.",
        needs=facts("handlers"),
        check=_god_event,
        bad="event OrderPlaced of orders {order_id}\n"
        + "".join(f"s{one}/on_order handles OrderPlaced\n" for one in range(13)),
        good="event OrderPlaced of orders {order_id}\n"
        + "".join(f"s{one}/on_order handles OrderPlaced\n" for one in range(3)),
    ),
    Rule(
        id="G29",
        name="layering",
        severity="error",
        reason="A declared layer that is not kept is no layer.",
        criterion="A service depends on another against the layers, forbidden pairs or independent groups "
        "in the configuration.",
        source="The contracts of import-linter, for services.",
        by_kind=False,
        check=_layers,
        given=Thresholds(layers=(("shop",), ("stock",))),
        bad="event BasketFilled of shop\nshop/fill publishes BasketFilled\nstock/hold handles BasketFilled",
        good="command HoldGoods of stock\nshop/fill sends HoldGoods\nstock/hold handles HoldGoods",
    ),
    Rule(
        id="G30",
        name="self-event",
        severity="note",
        reason="An event only to oneself is a function call by way of the post.",
        criterion="The only subscriber of an event is its publisher.",
        source="Data of real systems.",
        needs=facts("handlers", "sayings"),
        whole=True,
        check=_self_event,
        bad="service billing\nevent OrderPriced of orders\norders/price publishes OrderPriced\n"
        "orders/total handles OrderPriced",
        good="event OrderPriced of orders\norders/price publishes OrderPriced\nbilling/total handles OrderPriced",
    ),
    Rule(
        id="G31",
        name="timer-by-command",
        severity="note",
        reason="A clock that tells each service what to do must know them all.",
        criterion="A timer or scheduler sends commands such as Check or Process to two or more services.",
        source="Verraes: Passage of Time Event.",
        needs=facts("handlers", "sayings"),
        check=_timer,
        bad="service nightly; role timer\n"
        + _CHORE_SENT
        + "nightly/run sends CheckStock\nnightly/run sends CheckInvoices",
        good="service nightly; role timer\nevent DayEnded of nightly {day}\nnightly/run publishes DayEnded\n"
        "stock/check handles DayEnded\nbilling/remind handles DayEnded",
    ),
    Rule(
        id="G32",
        name="handler-sends-many",
        severity="warning",
        reason="A handler that orders half the fleet about is a process without a memory.",
        criterion="One handler sends more than 3 commands to more than 2 services and its service is no process.",
        source="Rücker: process manager.",
        needs=facts("handlers", "sayings", "inside"),
        check=_sends_many,
        bad="event OrderPaid of billing\norders/close handles OrderPaid\n" + _FOUR_SENT,
        good="service orders; role process\nevent OrderPaid of billing\norders/close handles OrderPaid\n" + _FOUR_SENT,
    ),
    Rule(
        id="G33",
        name="subscriber-rejects",
        severity="error",
        reason="A fact has happened: it can be ignored or mishandled, but not refused.",
        criterion="A subscriber of an event may raise or return a rejection.",
        source="The definition of the kinds.",
        needs=facts("rejections", "handlers"),
        check=_subscriber_rejects,
        bad="event OrderPlaced of orders\nbilling/bill handles OrderPlaced; rejects CreditExhausted",
        good="command BillOrder of billing\nbilling/bill handles BillOrder; rejects CreditExhausted",
    ),
)
