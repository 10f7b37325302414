"""SimulatedStore: the SQLite store of one node, which also writes down what it settles, in the same transaction."""

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.adapters.stores.sqlite.unit import SqliteUnit
from tense.messages.envelope import Envelope
from tense.messages.settlement import Buried, Done, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.testing.simulation.surroundings import SimulatedNeighbours

if TYPE_CHECKING:
    from tense.testing.simulation.node import Node

WRITE = "INSERT INTO simulated_ledger VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class LedgerUnit(SqliteUnit):
    """A unit of work that leaves a line in the ledger when it commits, and none when it does not."""

    def __init__(self, store: "SimulatedStore", core: Core, delivery: Delivery, lease: Lease) -> None:
        super().__init__(core, store.intake, delivery, lease)
        self._node = store.node

    def _write_all(self, connection: sqlite3.Connection, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        super()._write_all(connection, settlement, outgoing)
        delivery, metadata = self._delivery, self._delivery.metadata
        outcome = settlement.outcome if isinstance(settlement, (Done, Buried)) else None
        row = (
            self._node.loop.time(),
            self._node.place.name,
            delivery.consumer,
            metadata.kind,
            metadata.id,
            metadata.type,
            metadata.partitionkey,
            delivery.position,
            delivery.origin,
            delivery.attempt,
            type(settlement).__name__,
            None if outcome is None else msgspec.json.encode(outcome).decode(),
        )
        connection.execute(WRITE, row)
        self._node.journal.timers.update(envelope.metadata.id for envelope in outgoing if envelope.due)


class SimulatedStore(SqliteStore):
    """The store as it is, on a disk that other nodes share; accepted messages and told outcomes are noted."""

    def __init__(self, node: "Node") -> None:
        super().__init__(node.disk.path, neighbours=SimulatedNeighbours(node))
        self.node = node

    @property
    def intake(self) -> Any:
        """What takes messages in."""
        return self._intake

    def unit(self, delivery: Delivery, lease: Lease) -> SqliteUnit:
        """A unit of work with its line in the ledger."""
        return LedgerUnit(self, self.core, delivery, lease)

    def accept(self, envelope: Envelope) -> "asyncio.Future[bool]":
        """Take a message in; what is answered for is noted."""
        if envelope.due:
            self.node.journal.timers.add(envelope.metadata.id)
        accepted = super().accept(envelope)
        accepted.add_done_callback(lambda done: self._note(envelope, done))
        return accepted

    def watch(self, message_id: str) -> "asyncio.Future[Any]":
        """Watch a command; what is told is noted."""
        watched = super().watch(message_id)
        watched.add_done_callback(lambda done: self._note_told(message_id, done))
        return watched

    def crash(self) -> None:
        """The process is gone: the system rolls back what was open and closes the file."""
        core = self._core
        if core is None:
            return
        core.connection.close()
        core.reader.close()
        self._lock.close()

    def _note(self, envelope: Envelope, done: "asyncio.Future[bool]") -> None:
        if not done.cancelled() and done.exception() is None:
            self.node.journal.accepted[envelope.metadata.id] = envelope.metadata.kind

    def _note_told(self, message_id: str, done: "asyncio.Future[Any]") -> None:
        if not done.cancelled() and done.exception() is None:
            told = msgspec.json.encode(done.result()).decode()
            self.node.journal.told.setdefault(message_id, set()).add(told)
