"""The store: keeps state, says what it can do, decides nothing.

One object of an adapter implements all of these protocols; each is what one part of the engine needs. Where a store
also moves messages (SQL, memory), acceptance and settlement are part of its own transactions.

Results marked `Soon` are there at once, or a future that ends when they are: an in-memory store answers without a
turn of the loop. All methods are called on the loop's thread.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec
from typing_extensions import TypeVar

from tense.messages.envelope import Envelope
from tense.messages.outcome import Outcome
from tense.messages.settlement import Settlement
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.delivery import Delivery, Lease, Watcher
from tense.ports.records import Capabilities, Consumer, DeadLetter, Instance, Lag, Standing
from tense.ports.spawn import Spawn
from tense.ports.transaction import Snapshot, Transaction

T = TypeVar("T")

Tell: TypeAlias = Callable[[Delivery, Outcome], Envelope | None]
"""Makes the message that tells the sender how a command ended; None if the sender does not listen."""

Soon: TypeAlias = "T | asyncio.Future[T]"


class Acceptance(Protocol):
    """Takes messages in. What it has answered for is durable."""

    def accept(self, envelope: Envelope) -> "Soon[bool]":
        """Take a message: a command to its owner's inbox, an event to its publisher's log.

        True when it is new, False when this id was accepted before with the same body: nothing is stored twice.

        Raises:
            DuplicateIdError: the id was accepted before with another body.
            StoreError: not accepted.
        """
        ...


class Backlog(Protocol):
    """Hands messages out, lane by lane, in order."""

    def claim(self, consumer: Consumer, wanted: "Sequence[Want]", limit: int) -> "Soon[Sequence[Delivery]]":
        """The next deliveries of the wanted lanes in order of position: at most `limit` in all.

        A command's delivery is counted before it is handed out, so that it stays counted if the process dies.
        """
        ...

    def due(
        self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> "Soon[Sequence[Delivery]]":
        """Exceptions whose time has come, in order of position, and waiting commands whose deadline has passed.

        Attempts are counted. What it handed out it does not hand out again until that is settled.
        """
        ...

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception of this consumer is due."""
        ...

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        ...

    def strike(self, delivery: Delivery, first: int) -> "Soon[int]":
        """Count a delivery that runs alone durably before it is started; gives the count.

        An event has no row before its first exception: its count begins at `first`.
        """
        ...


class Want(msgspec.Struct, frozen=True):
    """A lane to read: beyond position `after` (-1: beyond what is committed), at most `most` messages."""

    lease: Lease
    after: int
    most: int


class Unit(Protocol):
    """The unit of work of one delivery."""

    def transaction(self) -> Transaction:
        """The database within this unit; nothing is held until its first use."""
        ...

    def driver(self, kind: type[T]) -> "Soon[T]":
        """The driver's own connection within this unit (`sqlite3.Connection`); the turn begins here."""
        ...

    @property
    def begun(self) -> bool:
        """Whether the transaction was used."""
        ...

    @property
    def revoked(self) -> str | None:
        """Why the store cancelled this unit's task, if it did: it kept its turn for too long."""
        ...

    async def undo(self) -> None:
        """Undo what was written within this unit, and let go of its turn. It may begin again or finish afterwards."""
        ...

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "Soon[None]":
        """Write mark, outcome and outgoing messages, and let go of the turn.

        Done when the next delivery of the lane may run. That may be before it is durable: `Units.settled` waits for
        that, and what could not be made durable is undone and its lane told `lost`.

        Raises:
            LeaseLostError: another worker owns the lane now; what was written is undone.
            DuplicateIdError: an outgoing id was used before with another body; what was written is undone.
            RefusedWriteError: the database would not commit what the handler wrote; it is undone.
        """
        ...


class Units(Protocol):
    """Opens units of work."""

    def unit(self, delivery: Delivery, lease: Lease) -> Unit:
        """A unit of work for a delivery under its lease. Costs nothing until it is used."""
        ...

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        ...

    async def settled(self) -> None:
        """Return when everything finished so far is durable.

        Raises:
            StoreError: it could not be made durable and was undone; the lanes concerned are told `lost`.
        """
        ...


class Lanes(Protocol):
    """Gives each lane to one worker at a time."""

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Create what is missing of these consumers, read it back, and refuse on a difference. Safe to repeat."""
        ...

    async def announce(self, instance: Instance) -> None:
        """Say that this instance lives until `instance.until`; called again to extend.

        Raises:
            OwnerConflictError: another code base handles one of its commands on this store.
        """
        ...

    async def acquire(self, consumer: Consumer, share: int, now: float) -> Sequence[Lease]:
        """Take free lanes, and those whose owner is gone, until `share` are held; all that are held are given."""
        ...

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back, clean. Leases already lost are ignored."""
        ...

    async def retire(self) -> None:
        """This instance is going: give everything back."""
        ...


class Ledger(Protocol):
    """What became of commands."""

    def standing(self, message_id: str) -> "Soon[Standing | None]":
        """Where a command stands: accepted, or ended and how. None if the id is not known (any more)."""
        ...

    def watch(self, message_id: str) -> "Soon[Outcome]":
        """The outcome, or a future that ends with it, from whatever process it comes. Cancel it to stop watching."""
        ...

    async def cancel(self, message_id: str, outcome: Outcome, tell: Tell) -> bool:
        """End a command that is not started, with this outcome, and tell its sender in the same transaction.

        False if it is too late or the id is unknown. Too late is what is in anybody's hands, or was when its worker died;
        what failed and waits to be tried again is not. What `tell` raises is raised, and the command goes on.
        """
        ...


class DeadLetters(Protocol):
    """What was given up, until somebody decides."""

    async def dead(self, consumer: str | None = None, after: int = 0, limit: int = 100) -> Sequence[DeadLetter]:
        """Dead letters in the order they died, of one consumer or all, beyond a number."""
        ...

    async def redrive(self, numbers: Sequence[int], now: float) -> int:
        """Put dead letters back to where they came from, attempts reset; how many were there to put back."""
        ...

    async def drop(self, numbers: Sequence[int]) -> int:
        """Forget dead letters for good; what was held behind them goes on. How many there were."""
        ...


class Survey(Protocol):
    """What can be known of the store from outside."""

    async def instances(self) -> Sequence[Instance]:
        """The instances that were seen last, living and gone."""
        ...

    async def lags(self) -> Sequence[Lag]:
        """For each consumer what waits, since when, and what is retried, held back or dead."""
        ...

    async def known(self, service: str) -> bool:
        """Whether anybody ever ran this service on this store."""
        ...

    async def waiting(self, service: str, most: int) -> int:
        """How many commands wait in a service's inbox, counted up to `most`."""
        ...

    async def describe(self) -> Mapping[str, str]:
        """Settings and figures of the store itself, for `tense db info` and `tense doctor`."""
        ...


class Store(Acceptance, Backlog, Units, Lanes, Ledger, DeadLetters, Survey, Protocol):
    """All of it, with a beginning and an end."""

    capabilities: Capabilities

    async def open(self, surroundings: "Surroundings") -> None:
        """Connect, migrate where that is this store's way, and begin to work.

        Raises:
            StoreUnusableError: not a store, not writable, or made by a newer Tense.
        """
        ...

    async def close(self) -> None:
        """Make durable what was finished, give everything back, disconnect. A second call does nothing."""
        ...


class Surroundings(Protocol):
    """What a store is given when it is opened. `lease` is in seconds."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def chance(self) -> Chance:
        """Ids and randomness."""
        ...

    @property
    def spawn(self) -> Spawn:
        """Tasks and threads."""
        ...

    @property
    def watcher(self) -> Watcher:
        """Who is told what happens."""
        ...

    @property
    def instance(self) -> str:
        """The id of this process's run."""
        ...

    @property
    def lease(self) -> float:
        """After how long a silent instance loses its lanes."""
        ...

    def lane_of(self, envelope: Envelope) -> int:
        """The lane a message belongs to, by its key or, without one, by its id."""
        ...
