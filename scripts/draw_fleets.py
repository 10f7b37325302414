"""Draws made-up fleets of 3, 30 and 300 messages in every format, to be looked at: `draw_fleets.py FOLDER`."""

import random
import sys
from pathlib import Path

from tense.rules.meaning.graph import Field, Handling, Message, Place, Saying, Service, Topology
from tense.topology.render.dot import dot
from tense.topology.render.html import html
from tense.topology.render.mermaid import mermaid
from tense.topology.render.picture import Mark, picture
from tense.topology.render.svg import svg

_VERBS = ("Place", "Placed"), ("Cancel", "Cancelled"), ("Ship", "Shipped"), ("Charge", "Charged"), ("Book", "Booked")
_VERBS += ("Approve", "Approved"), ("Reserve", "Reserved"), ("Release", "Released"), ("Close", "Closed")
_VERBS += ("Open", "Opened"), ("Send", "Sent"), ("Refund", "Refunded")
_NOUNS = "Order Payment Invoice Parcel Stock Customer Offer Claim Ticket Seat Loan Policy Account Card Refund Route"
_NOUNS += " Truck Label Coupon Basket Quote Audit Report Visit Contract Shelf"
_FIELDS = (Field(name="id", type="string"), Field(name="amount", type="integer", required=False))


def fleet(messages: int, seed: int = 7) -> tuple[Topology, tuple[Mark, ...]]:
    """Return a fleet with so many messages, a third of them commands, and findings on some."""
    chance = random.Random(seed)
    nouns = _NOUNS.split()[: max(2, min(26, messages // 4))]
    services = [noun.lower() for noun in nouns]
    made: list[Message] = []
    said: list[Saying] = []
    handled: list[Handling] = []
    for number in range(messages):
        at, (verb, past) = number % len(nouns), _VERBS[number // len(nouns) % len(_VERBS)]
        owner, place = services[at], Place(file=f"{services[at]}/service.py", line=number + 1)
        others = [one for one in (services[(at + step) % len(nouns)] for step in (1, 3, 5)) if one != owner]
        near = chance.sample(others, min(len(others), chance.choice([0, 1, 1, 2])))
        if number % 3 == 0:
            name = f"{verb}{nouns[at]}"
            refusals = (f"OutOf{nouns[at]}",) if number % 2 == 0 else ()
            handler = f"{verb.lower()}_{owner}"
            made.append(Message(name=name, written=name, kind="command", owner=owner, fields=_FIELDS, place=place))
            handled.append(Handling(service=owner, message=name, name=handler, rejections=refusals, place=place))
            said += [Saying(service=one, message=name, verb="send") for one in near]
        else:
            name = f"{nouns[at]}{past}"
            inside = [one.name for one in handled if one.service == owner]
            made.append(Message(name=name, written=name, kind="event", owner=owner, fields=_FIELDS, place=place))
            said.append(Saying(service=owner, message=name, verb="publish", inside=inside[-1] if inside else None))
            handled += [Handling(service=one, message=name, name=f"note_{owner}", place=place) for one in near]
    marks = (
        Mark(rule="N01", severity="error", text="Reads as a command.", message=made[1].name),
        Mark(rule="G23", severity="warning", text="Hears most of the fleet.", service=services[-1]),
        Mark(rule="N09", severity="note", text="Says what was done to a row.", message=made[2].name),
    )
    topology = Topology(
        sources=(f"fleet of {messages}",),
        services=tuple(Service(name=name) for name in services),
        messages=tuple(made),
        sayings=tuple(said),
        handlings=tuple(handled),
    )
    return topology, marks


def main() -> None:
    """Write the pictures."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    for messages in (3, 30, 300):
        topology, marks = fleet(messages)
        drawn = picture(topology, marks)
        for ending, text in (("svg", svg(drawn)), ("mermaid", mermaid(drawn)), ("dot", dot(drawn))):
            (folder / f"fleet-{messages}.{ending}").write_text(text, encoding="utf-8")
        (folder / f"fleet-{messages}.html").write_text(html(topology, marks), encoding="utf-8")
        print(f"{messages} messages: {len(drawn.boxes)} boxes, {len(drawn.lines)} lines")


if __name__ == "__main__":
    main()
