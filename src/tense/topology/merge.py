"""Merges topologies into one fleet: the same message in several sources becomes one."""

from collections.abc import Iterable, Sequence
from itertools import chain

from msgspec.structs import replace

from tense.rules.meaning.graph import Channel, Fact, Handling, Message, Saying, Service, Topology


def merged(parts: Sequence[Topology]) -> Topology:
    """Return one topology of several, in their order.

    A message is the same in two sources where the name is, and both know an address that they share, or one of
    them knows none. Two messages of one name on different addresses stay two; the later one is then called
    `service/name`. What one source leaves out another may tell; where both tell, the first counts.
    """
    fleet = _Fleet()
    for part in parts:
        fleet.add(part)
    return fleet.topology()


def united(first: Message, other: Message) -> Message:
    """Return one message of two mentions of it."""
    return replace(
        first,
        kind=first.kind if first.kind != "unknown" else other.kind,
        owner=first.owner or other.owner,
        fields=first.fields if first.fields is not None else other.fields,
        free_form=first.free_form and (other.free_form or other.fields is None),
        key=first.key or other.key,
        version=max(first.version, other.version),
        result=first.result or other.result,
        rejections=tuple(dict.fromkeys((*first.rejections, *other.rejections))),
        deadline=first.deadline if first.deadline is not None else other.deadline,
        public=first.public if first.public is not None else other.public,
        description=first.description or other.description,
        channels=tuple(dict.fromkeys((*first.channels, *other.channels))),
        place=first.place or other.place,
    )


def _united_service(first: Service, other: Service) -> Service:
    return replace(
        first,
        outside=first.outside and other.outside,
        roles=tuple(dict.fromkeys((*first.roles, *other.roles))),
        layer=first.layer or other.layer,
        imports=tuple(dict.fromkeys((*first.imports, *other.imports))),
        stores=tuple(dict.fromkeys((*first.stores, *other.stores))),
        description=first.description or other.description,
        place=first.place or other.place,
    )


class _Fleet:
    def __init__(self) -> None:
        self.sources: dict[str, None] = {}
        self.services: dict[str, Service] = {}
        self.messages: dict[str, Message] = {}
        self.channels: dict[str, Channel] = {}
        self.sayings: list[Saying] = []
        self.handlings: dict[tuple[str, str, str], Handling] = {}
        self.unknown: dict[str, tuple[Fact, ...]] = {}
        self.parts: list[Topology] = []

    def add(self, part: Topology) -> None:
        self.parts.append(part)
        self.sources.update(dict.fromkeys(part.sources))
        self.unknown.update(part.unknown)
        for service in part.services:
            known = self.services.get(service.name)
            self.services[service.name] = service if known is None else _united_service(known, service)
        addresses = {channel.name: channel.address or channel.name for channel in part.channels}
        names = {message.name: self._message(message, part) for message in part.messages}
        for channel in part.channels:
            self._channel(channel, names)
        for said in part.sayings:
            where = addresses.get(said.channel, said.channel) if said.channel else None
            self.sayings.append(replace(said, message=names.get(said.message, said.message), channel=where))
        for handled in part.handlings:
            where = addresses.get(handled.channel, handled.channel) if handled.channel else None
            name = names.get(handled.message, handled.message)
            self.handlings.setdefault(
                (handled.service, handled.name, name), replace(handled, message=name, channel=where)
            )

    def _message(self, message: Message, part: Topology) -> str:
        """Add a message; return the name it has in the fleet."""
        service = part.services[0].name if part.services else part.sources[0] if part.sources else "?"
        for name in (message.name, f"{service}/{message.name}"):
            known = self.messages.get(name)
            if known is None:
                self.messages[name] = replace(message, name=name)
                return name
            if _same(known, message):
                self.messages[name] = united(known, message)
                return name
        return self._numbered(message, f"{service}/{message.name}")

    def _numbered(self, message: Message, stem: str) -> str:
        number = 2
        while f"{stem}#{number}" in self.messages:
            number += 1
        self.messages[f"{stem}#{number}"] = replace(message, name=f"{stem}#{number}")
        return f"{stem}#{number}"

    def _channel(self, channel: Channel, names: dict[str, str]) -> None:
        """Add a channel under its address: two documents name one address by different keys."""
        name = channel.address or channel.name
        messages = tuple(dict.fromkeys(names.get(message, message) for message in channel.messages))
        known = self.channels.get(name)
        if known is None:
            self.channels[name] = replace(channel, name=name, messages=messages)
            return
        to_one = known.point_to_point if known.point_to_point is not None else channel.point_to_point
        every = tuple(dict.fromkeys((*known.messages, *messages)))
        self.channels[name] = replace(known, messages=every, point_to_point=to_one)

    def topology(self) -> Topology:
        return Topology(
            sources=tuple(self.sources),
            services=tuple(self.services.values()),
            messages=tuple(self.messages.values()),
            channels=tuple(self.channels.values()),
            sayings=tuple(dict.fromkeys(self.sayings)),
            handlings=tuple(_uniquely_named(self.handlings.values())),
            unknown=self.unknown,
            problems=tuple(dict.fromkeys(chain.from_iterable(part.problems for part in self.parts))),
        )


def _same(known: Message, other: Message) -> bool:
    return not known.channels or not other.channels or bool(set(known.channels) & set(other.channels))


def _uniquely_named(handlings: Iterable[Handling]) -> Iterable[Handling]:
    """Keep names unique within a service when two sources describe the same one."""
    seen: set[tuple[str, str]] = set()
    for handled in handlings:
        name, number = handled.name, 2
        while (handled.service, name) in seen:
            name, number = f"{handled.name}#{number}", number + 1
        seen.add((handled.service, name))
        yield handled if name == handled.name else replace(handled, name=name)
