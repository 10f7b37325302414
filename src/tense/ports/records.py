"""Records: the plain values that stores and engine exchange besides messages."""

from typing import Literal

import msgspec

from tense.messages.outcome import Outcome


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter can do. A false claim fails the conformance kit; what is not claimed raises NotSupportedError.

    `durable`: survives the process. `shared`: several processes may open it. `transactional`: messages, marks and the
    user's rows commit together. `ordered_by_key`, `delayed`, `replayable`: as the words say. `sql`: handlers may ask for
    a Transaction. `registry`: knows which services exist. `sessions`: handlers may run in a
    session of the user's (ports/guest.py). `remote`: a network lies between it and its state. `max_body`:
    bytes.
    """

    durable: bool = False
    shared: bool = False
    transactional: bool = True
    ordered_by_key: bool = True
    delayed: bool = True
    replayable: bool = True
    sql: bool = True
    registry: bool = True
    sessions: bool = False
    remote: bool = False
    max_body: int = 1_048_576


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """Who reads: a service's inbox, or a subscription of a service to one event log.

    `types` are the wire names it takes (empty: all). `from_start` says where a new subscription begins. `epoch` tells a
    replay from the first reading.
    """

    name: str
    service: str
    channel: str
    kind: Literal["inbox", "subscription"]
    lanes: int = 64
    types: tuple[str, ...] = ()
    from_start: bool = False
    epoch: int = 1


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One process that runs services. Moments are seconds since the epoch.

    `commands` maps each handled wire name to the code base that handles it; `hashes` each service to its contract.
    """

    id: str
    host: str
    pid: int
    version: str
    started: float
    until: float
    services: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    commands: dict[str, str] = {}
    hashes: dict[str, str] = {}
    app: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a command stands. `outcome` is None until it ended; `state` is for people."""

    id: str
    type: str
    service: str
    state: str
    attempts: int = 0
    accepted: float = 0.0
    deadline: float | None = None
    outcome: Outcome | None = None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up, with everything needed to decide what next.

    `number` names it in this store. `headers` and `body` are the bytes as they came.
    """

    number: int
    id: str
    consumer: str
    kind: str
    type: str
    key: str | None
    reason: str
    error: str
    traceback: str
    attempts: int
    accepted: float
    died: float
    redriven: int
    headers: bytes
    body: bytes
    holds_back: int = 0


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far a consumer is behind. `oldest` is when the oldest waiting message was made (seconds since the epoch)."""

    consumer: str
    kind: str
    waiting: int
    oldest: float | None
    retrying: int
    held: int
    dead: int
    lanes: int
    owned: int
