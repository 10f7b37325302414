"""The topology of a system as plain values: who owns, says and handles what, and where that is written.

Every reader (a Tense app, AsyncAPI documents, foreign source) builds one `Topology`; every rule and every
renderer reads nothing else. A reader leaves out what its source cannot tell and names it in `unknown`, so
that a rule which needs it can say "not judged" instead of guessing.
"""

from typing import Literal

import msgspec

Kind = Literal["command", "event", "query", "unknown"]
"""What the source declares a message to be; `unknown` where it declares nothing."""

Verb = Literal["send", "publish", "execute", "reply", "unknown"]
"""How a message leaves: `send` and `execute` (and wait) are for commands, `publish` for events."""

Fact = Literal[
    "kinds",
    "owners",
    "handlers",
    "sayings",
    "inside",
    "fields",
    "rejections",
    "waits",
    "stores",
    "imports",
    "entries",
]
"""What a source may be unable to tell.

`inside` = in which handler a message is said; `entries` = what is said by others than handlers (clients, scripts).
"""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen, keyword-only value of this model."""


class Place(Value, frozen=True, kw_only=True):
    """Where something is written: a file with a line, or a document with a pointer (RFC 6901)."""

    file: str
    line: int | None = None
    pointer: str | None = None


class Field(Value, frozen=True, kw_only=True):
    """One field of a message's body.

    `values` are the only values allowed, where they are listed; `bounded` says of an array whether its length
    has a limit (None: not an array, or not known).
    """

    name: str
    type: str = "unknown"
    required: bool = True
    personal: bool = False
    place: Place | None = None
    values: tuple[str, ...] = ()
    bounded: bool | None = None


class Message(Value, frozen=True, kw_only=True):
    """A message as its source declares it.

    `name` identifies it in the topology (wire name where there is one); `written` is the bare name that
    people read. `kind` is what is declared, `owner` the service whose schema it is. `public` is None where
    the source does not tell private from public. `fields` is None where the body is not known, empty where it
    has none; `free_form` marks a body without a schema (any object).

    `headers` are the names the envelope carries (None: not told); `released` the fields of the last release
    (None: no release to compare with); `package` the module or package it is declared in; `stored` marks an
    event of a stored stream, `forgettable` a body whose personal data can be erased; `sample_bytes` is the
    size of the largest example.
    """

    name: str
    written: str
    kind: Kind = "unknown"
    owner: str | None = None
    fields: tuple[Field, ...] | None = None
    free_form: bool = False
    key: str | None = None
    version: int = 1
    result: str | None = None
    rejections: tuple[str, ...] = ()
    deadline: float | None = None
    public: bool | None = None
    description: str = ""
    channels: tuple[str, ...] = ()
    place: Place | None = None
    headers: tuple[str, ...] | None = None
    released: tuple[Field, ...] | None = None
    package: str | None = None
    stored: bool = False
    forgettable: bool = False
    sample_bytes: int | None = None


class Saying(Value, frozen=True, kw_only=True):
    """One service says one message: `inside` names the handler (its `Handling.name`), None elsewhere.

    `waits` is true where the sayer waits for the answer; `transactional` false where state is written outside
    the transaction the message leaves with, None where unknown; `address` is a literal queue, topic or URL,
    if any.
    """

    service: str
    message: str
    verb: Verb = "unknown"
    inside: str | None = None
    waits: bool = False
    transactional: bool | None = None
    address: str | None = None
    channel: str | None = None
    place: Place | None = None


class Handling(Value, frozen=True, kw_only=True):
    """One function of one service receives one message. `name` is unique within its service.

    `rejections` are the refusals it may give; `calls` the handlers (service.name) it calls directly;
    `queries` the services it asks for data; `awaits` the events it stays pending for; `stores` what it writes
    to; `replies` the messages it answers with.
    """

    service: str
    message: str
    name: str
    rejections: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    channel: str | None = None
    place: Place | None = None
    replies: tuple[str, ...] = ()


class Channel(Value, frozen=True, kw_only=True):
    """A queue, topic or other address, as a document declares it."""

    name: str
    address: str | None = None
    point_to_point: bool | None = None
    messages: tuple[str, ...] = ()
    place: Place | None = None


class Service(Value, frozen=True, kw_only=True):
    """A service. `outside` marks the world beyond the fleet; `roles` say what it is (audit, process, …)."""

    name: str
    outside: bool = False
    roles: tuple[str, ...] = ()
    layer: str | None = None
    imports: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    description: str = ""
    place: Place | None = None


class Topology(Value, frozen=True, kw_only=True):
    """A system, from one or several sources. Order is the order of reading; names are unique within a tuple.

    `unknown` lists per source (file or app name) what could not be told; `problems` what could not be read.
    """

    sources: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    messages: tuple[Message, ...] = ()
    channels: tuple[Channel, ...] = ()
    sayings: tuple[Saying, ...] = ()
    handlings: tuple[Handling, ...] = ()
    unknown: dict[str, tuple[Fact, ...]] = msgspec.field(default_factory=dict)
    problems: tuple["Problem", ...] = ()


class Problem(Value, frozen=True, kw_only=True):
    """Something in a source that could not be read, or was read with a doubt: stated, never dropped.

    `fatal`: nothing was read from that source. `doubt`: it was read whole, though it is against the letter of
    its format, or points to something that may not be read from here.
    """

    text: str
    place: Place | None = None
    fatal: bool = False
    doubt: bool = False
