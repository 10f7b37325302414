"""The derived graph, computed once per topology: who says, who receives, what each message is taken for.

Building it is linear in the size of the topology. Nothing here judges.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from msgspec.structs import replace

from tense.rules.meaning.graph import Handling, Kind, Message, Saying, Service, Topology, Value
from tense.rules.naming.reading import Reading, read_name
from tense.rules.naming.signs import Signs, signs

Ground = Literal["declared", "suffix", "name", "use", "none"]
"""What a kind rests on: the source or the suffix says it, the name reads so, or it is used so."""

SURE = 0.9
"""A name's reading counts as the kind only from this confidence on."""

MANY = 32
"""Edges are drawn from that many speakers of one message; more speakers are a finding of their own."""

T = TypeVar("T")
K = TypeVar("K")


class Taken(Value, frozen=True, kw_only=True):
    """What a message is taken for, and why."""

    kind: Kind
    ground: Ground


class Edge(Value, frozen=True, kw_only=True):
    """`service` says `message`, and `to` (another service) receives it in `handling`."""

    service: str
    message: str
    to: str
    handling: Handling


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A topology with the lookups that rules need. Every mapping gives an empty tuple through `of`.

    `signs` are those of the whole name, `readings` those of the name without a suffix that claims a kind.
    """

    topology: Topology
    messages: Mapping[str, Message]
    services: Mapping[str, Service]
    kinds: Mapping[str, Taken]
    signs: Mapping[str, Signs]
    readings: Mapping[str, Reading]
    sayings: Mapping[str, tuple[Saying, ...]]
    handlings: Mapping[str, tuple[Handling, ...]]
    speakers: Mapping[str, tuple[str, ...]]
    receivers: Mapping[str, tuple[str, ...]]
    said_by: Mapping[str, tuple[Saying, ...]]
    received_by: Mapping[str, tuple[Handling, ...]]
    said_inside: Mapping[tuple[str, str], tuple[Saying, ...]]
    commands: tuple[Message, ...]
    events: tuple[Message, ...]
    edges: Mapping[str, tuple[Edge, ...]]

    def kind(self, message: str) -> Kind:
        """The kind the message is taken for; `unknown` where nothing says it."""
        taken = self.kinds.get(message)
        return taken.kind if taken else "unknown"

    def declared(self, message: str) -> bool:
        """True where the source itself, or the name's suffix, says the kind."""
        taken = self.kinds.get(message)
        return taken is not None and taken.ground in {"declared", "suffix"}

    def inside(self, handling: Handling) -> tuple[Saying, ...]:
        """What is said in that handler."""
        return self.said_inside.get((handling.service, handling.name), ())

    def role(self, service: str, *roles: str) -> bool:
        """True where the service is marked as one of the roles."""
        known = self.services.get(service)
        return known is not None and any(role in known.roles for role in roles)


_TAIL = re.compile(r"(?:Command|Event|Message|Cmd|Evt|[._-](?:command|event|message|cmd|evt))$")


def without_kind(written: str) -> str:
    """The name without the suffix that claims a kind; a name that is nothing else stays."""
    return _TAIL.sub("", written) or written


def of(mapping: Mapping[K, tuple[T, ...]], key: K) -> tuple[T, ...]:
    """The values under a key, none where there is no such key."""
    return mapping.get(key, ())


def index(topology: Topology, verbs: Iterable[str] = ()) -> Index:
    """Compute the derived graph. `verbs` are further words that a project uses as verbs."""
    messages = _messages(topology)
    more = frozenset(verb.lower() for verb in verbs)
    bare = {message.written for message in messages.values()}
    signs_of = {written: _with_verbs(signs(written), more) for written in bare}
    reading_of = {written: read_name(without_kind(written)) for written in bare}
    sayings = _grouped(topology.sayings, lambda saying: saying.message)
    handlings = _grouped(topology.handlings, lambda handling: handling.message)
    kinds = {
        name: _taken(message, signs_of[message.written], reading_of[message.written], of(sayings, name))
        for name, message in messages.items()
    }
    return Index(
        topology=topology,
        messages=messages,
        services={service.name: service for service in topology.services},
        kinds=kinds,
        signs={name: signs_of[message.written] for name, message in messages.items()},
        readings={name: reading_of[message.written] for name, message in messages.items()},
        sayings=sayings,
        handlings=handlings,
        speakers={name: _services(found) for name, found in sayings.items()},
        receivers={name: _services(found) for name, found in handlings.items()},
        said_by=_grouped(topology.sayings, lambda saying: saying.service),
        received_by=_grouped(topology.handlings, lambda handling: handling.service),
        said_inside=_grouped(
            (saying for saying in topology.sayings if saying.inside),
            lambda saying: (saying.service, saying.inside or ""),
        ),
        commands=tuple(message for name, message in messages.items() if kinds[name].kind == "command"),
        events=tuple(message for name, message in messages.items() if kinds[name].kind == "event"),
        edges=_grouped(_edges(sayings, handlings), lambda edge: edge.message),
    )


def _with_verbs(found: Signs, verbs: frozenset[str]) -> Signs:
    """The signs, where the project's own verbs make an imperative of a name that says nothing by itself."""
    opens = len(found.words) > 1 and found.words[0] in verbs
    if not opens or found.mood not in {"noun", "unknown"}:
        return found
    return replace(found, mood="imperative", verb=found.words[0], noun_only=False, verb_last=False, certain=True)


def _messages(topology: Topology) -> dict[str, Message]:
    """All messages; one that is only said or handled is known by its name alone."""
    found = {message.name: message for message in topology.messages}
    spoken_or_heard: tuple[Saying | Handling, ...] = (*topology.sayings, *topology.handlings)
    for spoken in spoken_or_heard:
        if spoken.message not in found:
            found[spoken.message] = Message(name=spoken.message, written=spoken.message, place=spoken.place)
    return found


def _taken(message: Message, seen: Signs, reading: Reading, sayings: tuple[Saying, ...]) -> Taken:
    if message.kind != "unknown":
        return Taken(kind=message.kind, ground="declared")
    if seen.suffix in {"command", "event"}:
        return Taken(kind=seen.suffix, ground="suffix")
    verbs = {saying.verb for saying in sayings}
    # A participle in front (`BlockedUser`) makes a noun phrase as often as a fact.
    if (
        "reply" not in verbs
        and not seen.past_first
        and reading.confidence >= SURE
        and reading.kind in {"command", "event", "query"}
    ):
        return Taken(kind=reading.kind, ground="name")
    if verbs == {"publish"}:
        return Taken(kind="event", ground="use")
    return Taken(kind="unknown", ground="none")


def _edges(sayings: Mapping[str, tuple[Saying, ...]], handlings: Mapping[str, tuple[Handling, ...]]) -> Iterable[Edge]:
    for name, found in sayings.items():
        for service in _services(found)[:MANY]:
            for handling in of(handlings, name):
                if handling.service != service:
                    yield Edge(service=service, message=name, to=handling.service, handling=handling)


def _services(spoken: Iterable[Saying | Handling]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.service for one in spoken))


def _grouped(values: Iterable[T], key: Callable[[T], K]) -> dict[K, tuple[T, ...]]:
    groups: defaultdict[K, list[T]] = defaultdict(list)
    for value in values:
        groups[key(value)].append(value)
    return {name: tuple(group) for name, group in groups.items()}
