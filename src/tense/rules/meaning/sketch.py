"""A topology written in a few lines of text: how the rules' examples are written, shown and tested.

    event OrderPlaced of orders {order_id, total: number, note?}
    command ShipOrder of shipping {order_id}; rejects OutOfStock
    orders/place publishes OrderPlaced
    shipping/plan handles OrderPlaced; queries orders

A line is a head and options after semicolons. A message's body stands in braces: `{}` is an empty body, `{*}`
one without a schema. A service that is mentioned exists; `service` and `channel` lines say more about one.
"""

import re
from collections.abc import Callable

import msgspec

from tense.rules.meaning.graph import Channel, Field, Handling, Message, Place, Saying, Service, Topology

_MESSAGE = re.compile(r"(event|command|query|message) (\S+)(?: of (\S+))?(?: \{([^}]*)\})?$")
_SERVICE = re.compile(r"service (\S+)$")
_CHANNEL = re.compile(r"channel (\S+)$")
_SPOKEN = re.compile(r"([^\s/]+)(?:/(\S+))? (sends|publishes|executes|replies|says|handles) (\S+)$")
_VERBS = {
    "sends": "send",
    "publishes": "publish",
    "executes": "execute",
    "replies": "reply",
    "says": "unknown",
}

Option = tuple[str, Callable[[str], object]]


def _names(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _yes(_: str) -> bool:
    return True


def _no(_: str) -> bool:
    return False


def _fields(text: str) -> tuple[Field, ...]:
    return tuple(_field(part) for part in _names(text.strip("{} ")))


def _field(text: str) -> Field:
    name, _, kind = (part.strip() for part in text.partition(":"))
    kind = kind or "string"
    bounded = None if not kind.startswith("array") else kind != "array[]"
    return Field(
        name=name.removesuffix("?"),
        required=not name.endswith("?"),
        type="string" if "|" in kind or kind == "personal" else kind.partition("[")[0],
        personal=kind == "personal",
        values=tuple(kind.split("|")) if "|" in kind else (),
        bounded=bounded,
    )


_OF_MESSAGE: dict[str, Option] = {
    "public": ("public", _yes),
    "private": ("public", _no),
    "version": ("version", int),
    "key": ("key", str),
    "deadline": ("deadline", float),
    "result": ("result", str),
    "rejects": ("rejections", _names),
    "stored": ("stored", _yes),
    "forgettable": ("forgettable", _yes),
    "package": ("package", str),
    "sample": ("sample_bytes", int),
    "released": ("released", _fields),
    "headers": ("headers", _names),
    "on": ("channels", _names),
}
_OF_SAYING: dict[str, Option] = {
    "waits": ("waits", _yes),
    "apart": ("transactional", _no),
    "to": ("address", str),
    "on": ("channel", str),
}
_OF_HANDLING: dict[str, Option] = {
    "rejects": ("rejections", _names),
    "calls": ("calls", _names),
    "queries": ("queries", _names),
    "awaits": ("awaits", _names),
    "stores": ("stores", _names),
    "replies": ("replies", _names),
    "on": ("channel", str),
}
_OF_SERVICE: dict[str, Option] = {
    "outside": ("outside", _yes),
    "role": ("roles", _names),
    "layer": ("layer", str),
    "imports": ("imports", _names),
    "stores": ("stores", _names),
}
_OF_CHANNEL: dict[str, Option] = {
    "point-to-point": ("point_to_point", _yes),
    "fan-out": ("point_to_point", _no),
    "carries": ("messages", _names),
    "at": ("address", str),
}


def _options(table: dict[str, Option], parts: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for part in parts:
        word, _, rest = part.strip().partition(" ")
        if word not in table:
            raise ValueError(f"a sketch does not know the option {word!r}; it knows {', '.join(table)}")
        name, convert = table[word]
        found[name] = convert(rest.strip())
    return found


class _Drawing:
    """What has been read so far, in the order of reading."""

    def __init__(self) -> None:
        self.services: dict[str, Service] = {}
        self.messages: dict[str, Message] = {}
        self.channels: list[Channel] = []
        self.sayings: list[Saying] = []
        self.handlings: list[Handling] = []

    def mention(self, service: str) -> None:
        self.services.setdefault(service, Service(name=service))

    def read(self, line: str, place: Place) -> None:
        head, *options = line.split(";")
        head = head.strip()
        if found := _MESSAGE.match(head):
            self.message(found, options, place)
        elif found := _SERVICE.match(head):
            of_service = {"name": found[1], "place": place, **_options(_OF_SERVICE, options)}
            self.services[found[1]] = msgspec.convert(of_service, Service)
        elif found := _CHANNEL.match(head):
            of_channel = {"name": found[1], "place": place, **_options(_OF_CHANNEL, options)}
            self.channels.append(msgspec.convert(of_channel, Channel))
        elif found := _SPOKEN.match(head):
            self.spoken(found, options, place)
        else:
            raise ValueError(f"a sketch cannot read the line {line!r}")

    def message(self, found: re.Match[str], options: list[str], place: Place) -> None:
        kind, name, owner, body = found.groups()
        known = _options(_OF_MESSAGE, options)
        fields = None if body is None or body == "*" else _fields(body)
        self.messages[name] = msgspec.convert(
            {
                "name": name,
                "written": name,
                "kind": "unknown" if kind == "message" else kind,
                "owner": owner,
                "fields": fields,
                "free_form": body == "*",
                "place": place,
                **known,
            },
            Message,
        )
        if owner:
            self.mention(owner)

    def spoken(self, found: re.Match[str], options: list[str], place: Place) -> None:
        service, inside, verb, message = found.groups()
        self.mention(service)
        about = {"service": service, "message": message, "place": place}
        if verb == "handles":
            name = {"name": inside or f"on_{message}"}
            self.handlings.append(msgspec.convert({**about, **name, **_options(_OF_HANDLING, options)}, Handling))
            return
        said = {"verb": _VERBS[verb], "inside": inside, **_options(_OF_SAYING, options)}
        self.sayings.append(msgspec.convert({**about, **said}, Saying))


def sketch(text: str, *, source: str = "sketch") -> Topology:
    """Read a topology from text. ValueError names the line that is not understood."""
    drawing = _Drawing()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            drawing.read(line.strip(), Place(file=source, line=number))
    return Topology(
        sources=(source,),
        services=tuple(drawing.services.values()),
        messages=tuple(drawing.messages.values()),
        channels=tuple(drawing.channels),
        sayings=tuple(drawing.sayings),
        handlings=tuple(drawing.handlings),
    )
