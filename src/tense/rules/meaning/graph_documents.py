"""Rules about documents that declare no kind: channels, directions and replies, judged by shape and name."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Handling, Place, Saying
from tense.rules.meaning.index import SURE, Index, of
from tense.rules.meaning.names import imperative
from tense.rules.meaning.rule import Rule, Thresholds, facts


def _file(place: Place | None) -> str:
    return place.file if place else ""


def _used(index: Index) -> dict[str, tuple[set[str], set[str]]]:
    """For each channel the services that say something there, and those that receive."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for saying in index.topology.sayings:
        if saying.channel:
            found.setdefault(saying.channel, (set(), set()))[0].add(saying.service)
    for handling in index.topology.handlings:
        if handling.channel:
            found.setdefault(handling.channel, (set(), set()))[1].add(handling.service)
    return found


def _orphan(index: Index, _: Thresholds) -> Iterator[Sight]:
    used = _used(index)
    spoken: tuple[Saying | Handling, ...] = (*index.topology.sayings, *index.topology.handlings)
    working = {_file(one.place) for one in spoken if one.channel}
    for channel in index.topology.channels:
        if _file(channel.place) in working and channel.name not in used:
            yield Sight(
                subject=channel.name,
                place=channel.place,
                text=f"No operation uses the channel {channel.name}.",
                mend="Give it an operation, or take it out of the document.",
            )
    # Where a reference of the document leads nowhere, a message may be missed for that reason alone.
    working -= {_file(problem.place) for problem in index.topology.problems if not problem.doubt}
    carried = {message for channel in index.topology.channels for message in channel.messages}
    for message in index.topology.messages:
        alive = message.channels or any(message.name in known for known in (carried, index.sayings, index.handlings))
        if not alive and _file(message.place) in working:
            yield Sight(
                subject=message.name,
                place=message.place,
                text=f"The message {message.written} is on no channel.",
                mend="Put it on a channel, or take it out of the document.",
            )


def _clash(index: Index, _: Thresholds) -> Iterator[Sight]:
    used = _used(index)
    for channel in index.topology.channels:
        say, receive = used.get(channel.name, (set(), set()))
        one_side = say or receive
        if channel.point_to_point and len(one_side) > 1 and not (say and receive):
            verb, other = ("send to", "receives from") if say else ("receive from", "sends to")
            yield Sight(
                subject=channel.name,
                place=channel.place,
                text=f"{' and '.join(sorted(one_side))} both {verb} the queue {channel.name}, and nobody {other} it.",
                mend="Turn one side round: in AsyncAPI 2 `publish` says what others publish to the application.",
            )


def _event_with_reply(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        said = next((one for one in of(index.sayings, message.name) if one.waits or one.verb == "execute"), None)
        heard = next(iter(of(index.handlings, message.name)), None) if message.result else None
        asked = said or heard
        reading = index.readings[message.name]
        if asked and message.kind == "unknown" and reading.kind == "event" and reading.confidence >= SURE:
            yield Sight(
                subject=message.name,
                service=asked.service,
                place=asked.place or message.place,
                text=f"{message.written} reads as a fact, and its operation expects a reply; a fact has none.",
                mend="Name what is asked (a command or a query), or drop the reply.",
            )


def _shared_command_channel(index: Index, _: Thresholds) -> Iterator[Sight]:
    for message in index.messages.values():
        receivers, sure = of(index.receivers, message.name), imperative(index, message)
        if len(receivers) > 1 and sure and not index.declared(message.name):
            first = of(index.handlings, message.name)[0]
            yield Sight(
                subject=message.name,
                service=first.service,
                place=first.place or message.place,
                related=tuple(one.place for one in of(index.handlings, message.name) if one.place),
                text=f"{message.written} reads as a command, and {len(receivers)} applications receive it: "
                f"{', '.join(receivers[:5])}.",
                mend="Let one application receive it; tell the others what happened with an event.",
            )


_CHANNEL = "channel orders; carries OrderPlaced; at shop.orders"

RULES = (
    Rule(
        id="G39",
        name="orphan-channel",
        severity="warning",
        reason="A channel or message that nothing uses misleads every reader of the document.",
        criterion="A document with operations has a channel without any, or a message that is on no channel.",
        source="Spectral: unused components.",
        check=_orphan,
        bad=_CHANNEL + "\nchannel refunds; carries OrderRefunded\nmessage OrderPlaced\n"
        "orders publishes OrderPlaced; on orders",
        good=_CHANNEL + "\nmessage OrderPlaced\norders publishes OrderPlaced; on orders",
    ),
    Rule(
        id="G40",
        name="direction-clash",
        severity="warning",
        reason="If both ends of a queue send, one document says it the wrong way round.",
        criterion="On a channel declared point to point two or more applications all send, or all receive.",
        source="The change of direction from AsyncAPI 2 to 3.",
        needs=facts("handlers", "sayings"),
        check=_clash,
        bad="channel orders; point-to-point\nshop sends PlaceOrder; on orders\norders sends PlaceOrder; on orders",
        good="channel orders; point-to-point\nshop sends PlaceOrder; on orders\n"
        "orders/place handles PlaceOrder; on orders",
    ),
    Rule(
        id="G41",
        name="asyncapi-event-with-reply",
        severity="warning",
        reason="Who wants a reply asks or orders; nobody answers a fact.",
        criterion="A message whose name reads as an event is used in an operation with a reply.",
        source="AsyncAPI 3: request and reply.",
        needs=facts("waits"),
        check=_event_with_reply,
        bad="message OrderPlaced; result Receipt\nshop executes OrderPlaced; waits\norders/place handles OrderPlaced",
        good="message PlaceOrder; result Receipt\nshop executes PlaceOrder; waits\norders/place handles PlaceOrder",
    ),
    Rule(
        id="G42",
        name="asyncapi-shared-command-channel",
        severity="warning",
        reason="A command that several applications receive is obeyed twice, or by whoever comes first.",
        criterion="A message whose name reads as a command, of no declared kind, is received by more than "
        "one application.",
        source="The definition of the kinds.",
        needs=facts("handlers"),
        check=_shared_command_channel,
        bad="message CancelOrder\nshop says CancelOrder\nshipping/ship handles CancelOrder\n"
        "billing/bill handles CancelOrder",
        good="message OrderPlaced\nshop says OrderPlaced\nshipping/ship handles OrderPlaced\n"
        "billing/bill handles OrderPlaced",
    ),
)
