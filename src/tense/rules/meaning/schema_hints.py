"""Rules about bodies that hint instead of telling: ids only, instructions, links."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Sight
from tense.rules.meaning.graph import Field
from tense.rules.meaning.index import Index, of
from tense.rules.meaning.rule import Rule, Thresholds, facts
from tense.rules.meaning.schema import events, sight
from tense.rules.meaning.wording import bag, is_bare, is_id, is_plumbing, is_time, named, words

_VAGUE = bag("updated changed modified revised processed handled edited altered adjusted amended")


def _clickbait(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        foreign = [one for one in of(index.receivers, event.name) if one not in of(index.speakers, event.name)]
        seen = index.signs[event.name]
        vague = seen.crud or seen.status_changed or (seen.verb or "") in _VAGUE
        if foreign and is_bare(event) and any(map(is_id, fields)):
            yield sight(
                event,
                f"{event.written} says only which one: {foreign[0]} must ask for whatever else it needs.",
                "Say in the event what changed.",
                severity=None if vague else "note",
            )


_INSTRUCTIONS = bag(
    "action command instruction instructions todo nextaction nextstep next target recipient recipients "
    "replyto callbackurl callback"
)


def _instruction(index: Index, _: Thresholds) -> Iterator[Sight]:
    for event, fields in events(index):
        found = named(fields, _INSTRUCTIONS)
        if found:
            yield sight(
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
    for event, fields in events(index):
        links = [field for field in fields if words(field.name)[-1:] and words(field.name)[-1] in _LINKS]
        rest = [
            field
            for field in fields
            if field not in links and not (is_id(field) or is_time(field) or is_plumbing(field))
        ]
        if links and not rest:
            yield sight(
                event,
                f"{event.written} holds a link ({links[0].name}) and no field of the domain.",
                "If it is a notification, declare it so; else say what happened.",
                field=links[0],
            )


_HEARD = "\nshipping/ship publishes {0}\nemail/confirm handles {0}"

RULES = (
    Rule(
        id="S01",
        name="clickbait",
        severity="warning",
        reason="An event that says only that something happened makes every subscriber call back to learn what.",
        criterion="The body holds ids and times only, and another service subscribes; a note where the name "
        "alone tells the fact (OrderShipped).",
        source="Dudycz: the clickbait event.",
        needs=facts("fields", "handlers"),
        check=_clickbait,
        bad="event ShipmentStatusChanged of shipping {shipment_id, occurred_at}"
        + _HEARD.format("ShipmentStatusChanged"),
        good="event ShipmentStatusChanged of shipping {shipment_id, occurred_at, status}"
        + _HEARD.format("ShipmentStatusChanged"),
    ),
    Rule(
        id="S05",
        name="instruction-in-event",
        severity="warning",
        reason="A fact does not tell its reader what to do next.",
        criterion="An event has a field such as action, command, instruction, next, target, recipient, "
        "replyTo or callbackUrl.",
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
)
