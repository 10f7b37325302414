"""Rules about verb and owner: commands are sent, events are published by the one who owns them."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts


def _command_published(index: Index, _: Thresholds) -> Iterator[Sight]:
    for command in index.commands:
        for saying in of(index.sayings, command.name):
            if saying.verb == "publish":
                yield Sight(
                    subject=command.name,
                    service=saying.service,
                    place=saying.place or command.place,
                    text=f"{saying.service} publishes {command.written}, which is a command: anybody may "
                    "obey it, or nobody.",
                    mend="Send it to its one handler; publish what became of it as an event.",
                )
                break


def _event_sent(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        for saying in of(index.sayings, event.name):
            if saying.verb in {"send", "execute"} and index.declared(event.name):
                yield Sight(
                    subject=event.name,
                    service=saying.service,
                    place=saying.place or event.place,
                    text=f"{saying.service} sends {event.written}, which is an event: it is for whoever "
                    "listens, not for one receiver.",
                    mend="Publish it; if one receiver must act on it, send that receiver a command.",
                )
                break


def _two_publishers(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        said = {one.service: one for one in of(index.sayings, event.name) if one.verb != "reply"}
        if len(said) > 1:
            last = list(said.values())[-1]
            yield Sight(
                subject=event.name,
                service=last.service,
                place=last.place or event.place,
                related=tuple(one.place for one in said.values() if one.place),
                text=f"{event.written} is published by {len(said)} services: {_few(list(said))}.",
                mend="Give the event one owner; the others send that owner a command, or publish facts of their own.",
            )


def _few(names: list[str]) -> str:
    shown = names[:5]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


def _foreign_publisher(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        for saying in of(index.sayings, event.name):
            if event.owner and saying.service != event.owner and saying.verb != "reply" and index.declared(event.name):
                yield Sight(
                    subject=event.name,
                    service=saying.service,
                    place=saying.place or event.place,
                    text=f"{saying.service} publishes {event.written}, a fact that belongs to {event.owner}.",
                    mend=f"Let {event.owner} publish it, or publish a fact of {saying.service}'s own.",
                )


def _nobody_listens(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        said = of(index.sayings, event.name)
        if said and not of(index.handlings, event.name) and event.public is False:
            yield Sight(
                subject=event.name,
                service=said[0].service,
                place=said[0].place or event.place,
                text=f"{event.written} is private to the fleet, and nobody in it listens.",
                mend="That is allowed. If it stays so, stop publishing it, or make it public.",
            )


def _ownerless(index: Index, _: Thresholds) -> Iterator[Sight]:
    users: dict[str, list[str]] = {}
    for service in index.topology.services:
        for name in service.imports:
            users.setdefault(name, []).append(service.name)
    for message in index.messages.values():
        package = message.package
        if message.owner is None and package and len(users.get(package, ())) > 1:
            yield Sight(
                subject=message.name,
                place=message.place,
                text=f"{message.written} lies in {package}, which {_few(users[package])} import and nobody owns.",
                mend="Move each message to the contract of one owner: the handler of a command, the "
                "publisher of an event.",
            )


def _private_abroad(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        home = event.owner or next(iter(of(index.speakers, event.name)), None)
        foreign = [one for one in of(index.handlings, event.name) if one.service != home]
        if event.public is False and home and foreign:
            yield Sight(
                subject=event.name,
                service=foreign[0].service,
                place=foreign[0].place or event.place,
                text=f"{foreign[0].service} subscribes to {event.written}, which {home} has marked private.",
                mend="Publish a public event for others, or translate it at the border.",
            )


def _internal_copy(index: Index, _: Thresholds) -> Iterator[Sight]:
    for said in index.said_inside.values():
        events = [index.messages[one.message] for one in said if index.kind(one.message) == "event"]
        private = {_shape(one): one for one in events if one.public is False and one.fields}
        for event in events:
            twin = private.get(_shape(event))
            if event.public and event.fields and twin is not None:
                yield Sight(
                    subject=event.name,
                    service=said[0].service,
                    place=event.place or said[0].place,
                    text=f"The public {event.written} copies the private {twin.written} field by field, in "
                    "one handler.",
                    mend="Say in the public event what others need, so that the private one can change freely.",
                )


def _shape(message: object) -> frozenset[str]:
    fields = getattr(message, "fields", None) or ()
    return frozenset(field.name for field in fields)


def _stream_abroad(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event in index.events:
        home = event.owner or next(iter(of(index.speakers, event.name)), None)
        foreign = [one for one in of(index.handlings, event.name) if one.service != home]
        if event.stored and home and foreign:
            yield Sight(
                subject=event.name,
                service=foreign[0].service,
                place=foreign[0].place or event.place,
                text=f"{foreign[0].service} subscribes to {event.written}, a stored event of a stream inside {home}.",
                mend="Translate at the border: publish an event of its own for others.",
            )


RULES = (
    Rule(
        id="G04",
        name="command-published",
        severity="error",
        reason="A published command reaches nobody or many; a command is for exactly one.",
        criterion="A command leaves by publish, or goes to a fan-out.",
        source="NServiceBus refuses it at run time.",
        needs=facts("sayings"),
        check=_command_published,
        bad="command ShipOrder of shipping {order_id}\norders/place publishes ShipOrder\n"
        "shipping/ship handles ShipOrder",
        good="command ShipOrder of shipping {order_id}\norders/place sends ShipOrder\nshipping/ship handles ShipOrder",
    ),
    Rule(
        id="G05",
        name="event-sent",
        severity="error",
        reason="An event that is sent to one receiver is an order to it, or hides the fact from everybody else.",
        criterion="An event leaves by send or execute, or goes to the queue of one named receiver.",
        source="NServiceBus refuses it at run time.",
        needs=facts("sayings"),
        check=_event_sent,
        bad="event OrderPlaced of orders {order_id}\norders/place sends OrderPlaced\nbilling/bill handles OrderPlaced",
        good="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
        "billing/bill handles OrderPlaced",
    ),
    Rule(
        id="G06",
        name="event-two-publishers",
        severity="error",
        reason="A fact has one witness: with two publishers nobody can say what the event promises, or in which order.",
        criterion="More than one service publishes an event.",
        source="NServiceBus: one logical owner publishes an event.",
        needs=facts("sayings"),
        check=_two_publishers,
        bad="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced\n"
        "shop/checkout publishes OrderPlaced",
        good="event OrderPlaced of orders {order_id}\ncommand PlaceOrder of orders {order_id}\n"
        "shop/checkout sends PlaceOrder\norders/place handles PlaceOrder\norders/place publishes OrderPlaced",
    ),
    Rule(
        id="G07",
        name="foreign-publisher",
        severity="error",
        reason="Only the owner knows that the fact is true.",
        criterion="A service publishes an event whose schema another service owns.",
        source="NServiceBus: events are published by their owner.",
        needs=facts("owners", "sayings"),
        check=_foreign_publisher,
        bad="event OrderPlaced of orders {order_id}\nshop/checkout publishes OrderPlaced",
        good="event OrderPlaced of orders {order_id}\norders/place publishes OrderPlaced",
    ),
    Rule(
        id="G09",
        name="event-nobody-listens",
        severity="note",
        reason="An event without listeners is fine; one that nobody outside can hear either may have been forgotten.",
        criterion="A private event is published, and no service of the fleet subscribes to it.",
        source="The definition of the kinds: zero subscribers are allowed.",
        needs=facts("handlers", "sayings"),
        whole=True,
        check=_nobody_listens,
        bad="event OrderPlaced of orders {order_id}; private\norders/place publishes OrderPlaced",
        good="event OrderPlaced of orders {order_id}; private\norders/place publishes OrderPlaced\n"
        "orders/count handles OrderPlaced",
    ),
    Rule(
        id="G25",
        name="shared-kernel-messages",
        severity="error",
        reason="Words that everybody imports and nobody owns can be changed by anybody, and break everybody.",
        criterion="A message without an owner lies in a package that two or more services import.",
        source="The smell of the shared library.",
        needs=facts("owners", "imports"),
        by_kind=False,
        check=_ownerless,
        bad="event OrderPlaced {order_id}; package shared.messages\nservice orders; imports shared.messages\n"
        "service billing; imports shared.messages",
        good="event OrderPlaced of orders {order_id}; package orders.contract\n"
        "service orders; imports orders.contract\n"
        "service billing; imports orders.contract",
    ),
    Rule(
        id="G26",
        name="private-event-crosses-border",
        severity="error",
        reason="A private event may change any day; whoever listens from outside breaks on that day.",
        criterion="An event marked private has a subscriber in another service.",
        source="Verraes: Explicit Public Events.",
        needs=facts("handlers"),
        check=_private_abroad,
        bad="event OrderPriced of orders {order_id}; private\norders/price publishes OrderPriced\n"
        "billing/bill handles OrderPriced",
        good="event OrderPriced of orders {order_id}; public\norders/price publishes OrderPriced\n"
        "billing/bill handles OrderPriced",
    ),
    Rule(
        id="G27",
        name="public-event-is-internal-copy",
        severity="note",
        reason="A public event that copies a private one ties the inside to every reader outside.",
        criterion="One handler publishes a private and a public event with the same fields.",
        source="Verraes: Segregated Event Layers.",
        needs=facts("fields", "inside"),
        check=_internal_copy,
        bad="event OrderPriced of orders {order_id, net, gross}; private\n"
        "event OrderOffered of orders {order_id, net, gross}; public\n"
        "orders/price publishes OrderPriced\norders/price publishes OrderOffered",
        good="event OrderPriced of orders {order_id, net, gross}; private\n"
        "event OrderOffered of orders {order_id, gross}; public\n"
        "orders/price publishes OrderPriced\norders/price publishes OrderOffered",
    ),
    Rule(
        id="G28",
        name="event-sourcing-leak",
        severity="warning",
        reason="Stored events are the private memory of their stream; a foreign subscriber freezes that memory.",
        criterion="An event of a stored stream is subscribed to by another service.",
        source="Comartin: events inside and outside.",
        needs=facts("handlers", "owners"),
        check=_stream_abroad,
        bad="event OrderPriced of orders {order_id}; stored\norders/price publishes OrderPriced\n"
        "billing/bill handles OrderPriced",
        good="event OrderPriced of orders {order_id}; stored\nevent OrderOffered of orders {order_id}\n"
        "orders/price publishes OrderPriced\norders/offer handles OrderPriced\n"
        "orders/offer publishes OrderOffered\n"
        "billing/bill handles OrderOffered",
    ),
)
