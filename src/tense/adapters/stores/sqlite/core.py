"""What the parts of the SQLite store share: connections, surroundings, and what waits for the next commit."""

import asyncio
import sqlite3
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import msgspec

from tense.adapters.stores.sqlite.writer import Writer
from tense.errors import ClosedError, StoreError
from tense.messages.metadata import Metadata
from tense.messages.outcome import Outcome
from tense.ports.delivery import Lease
from tense.ports.records import Consumer
from tense.ports.store import Surroundings

METADATA = msgspec.json.Decoder(Metadata)
OUTCOME: "msgspec.json.Decoder[Outcome]" = msgspec.json.Decoder(Outcome)
MOVE = "UPDATE tense_lane SET pos = max(pos, ?) WHERE consumer = ? AND lane = ? AND token = ?"
encode = msgspec.json.Encoder().encode

TOGETHER = 16
"""Ends of commands in one statement at most: more are no faster, and each number of them is a statement to keep."""

End: TypeAlias = tuple[int, bytes | None, float]
"""How a command ended: its number, its outcome, and when."""


class Core:
    """State of one open SQLite store.

    What is put into `told`, `arrivals` and the like becomes known when the open group is committed, and is forgotten when it
    is undone. Cursors of subscriptions are written once per group, and ends of commands together. `taken` has the commands
    and exceptions in hands, each with its lane.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, reader: sqlite3.Connection, around: Surroundings
    ) -> None:
        self.path = path
        self.connection = connection
        self.reader = reader
        self.around = around
        self.writer: Writer
        self.leases: dict[tuple[str, int], Lease] = {}
        self.subscriptions: dict[str, list[Consumer]] = {}
        self.consumers: dict[str, Consumer] = {}
        self.watching: dict[str, list[asyncio.Future[Outcome]]] = {}
        self.taken: dict[str, dict[int, int]] = {}
        self.struck: set[tuple[str, int]] = set()
        self.told: list[tuple[str, Outcome]] = []
        self.arrivals: dict[tuple[str, int], None] = {}
        self.logged: dict[tuple[str, int], None] = {}
        self.dues: dict[str, float] = {}
        self.freed: list[tuple[str, int, str]] = []
        self.moved = False
        self.cursors: dict[tuple[str, int], tuple[int, Lease]] = {}
        self.ends: list[End] = []
        self.touched: dict[Lease, None] = {}
        self.own: dict[str, None] = {}
        self.closed = False

    def beside(self) -> "Core":
        """The same store, with nothing noted yet: for a transaction that is not the open group."""
        other = copy(self)
        other.told, other.arrivals, other.logged, other.dues, other.freed = [], {}, {}, {}, []
        other.moved, other.cursors, other.ends, other.touched = False, {}, [], {}
        return other

    def read(self) -> sqlite3.Connection:
        """The reading connection, which sees what is committed."""
        if self.closed:
            text = f"{self.path} is closed"
            raise ClosedError(text)
        return self.reader

    def forget_end(self, message_id: str, number: int) -> None:
        """A command did not end after all: what was noted of it just now."""
        self.ends = [end for end in self.ends if end[0] != number]
        self.told = [told for told in self.told if told[0] != message_id]

    def plan(self, consumer: str, due: float) -> None:
        """An exception of a consumer is due at this moment, once this group is committed."""
        if due < self.dues.get(consumer, float("inf")):
            self.dues[consumer] = due

    def flush(self, connection: sqlite3.Connection) -> None:
        """Write what was put off in this group."""
        self.write_ends(connection)
        if self.cursors:
            rows = [(pos, name, lane, lease.token) for (name, lane), (pos, lease) in self.cursors.items()]
            done = connection.executemany(MOVE, rows)
            if done.rowcount != len(rows):
                text = "a lane changed hands before its cursor was written"
                raise sqlite3.OperationalError(text)
            # Written once: who takes a lane anew in this very group has another token.
            self.cursors.clear()

    def write_ends(self, connection: sqlite3.Connection) -> None:
        """Write how commands ended: together, for each statement opens every index of the table anew.

        If that fails they stay where they are, so that the group cannot be committed either.
        """
        self.ends.sort()
        while self.ends:
            some = self.ends[:TOGETHER]
            done = connection.execute(end_of(len(some)), [value for end in some for value in end])
            if done.rowcount != len(some):
                text = "a command was ended by somebody else before its end was written"
                raise sqlite3.OperationalError(text)
            del self.ends[:TOGETHER]

    def publish_news(self) -> None:
        """Tell everybody in this process what the committed group brought."""
        told, self.told = self.told, []
        arrivals, self.arrivals = self.arrivals, {}
        logged, self.logged = self.logged, {}
        dues, self.dues = self.dues, {}
        freed, self.freed = self.freed, []
        moved, self.moved = self.moved, False
        self.cursors.clear()
        self.touched.clear()
        for message_id, outcome in told:
            self.conclude(message_id, outcome)
        watcher = self.around.watcher
        for consumer, lane, strand in freed:
            watcher.freed(consumer, lane, strand)
        for service, lane in arrivals:
            watcher.arrived(service, lane)
        for channel, lane in logged:
            for subscription in self.subscriptions.get(channel, ()):
                watcher.arrived(subscription.name, lane)
        for name, due in dues.items():
            watcher.due(name, due)
        if moved:
            watcher.moved()

    def forget_news(self, error: StoreError) -> None:
        """The group was undone: the lanes it touched must be read again from what is committed."""
        del error
        touched, self.touched = self.touched, {}
        self.told, self.arrivals, self.logged, self.dues, self.freed = [], {}, {}, {}, []
        self.moved = False
        self.cursors.clear()
        self.ends.clear()
        for lease in touched:
            self.lose(lease)

    def lose(self, lease: Lease) -> None:
        """A lease is lost, or what was done under it."""
        if not lease.lost:
            lease.lost = True
            self.let_go(lease)
            self.around.watcher.lost(lease)

    def let_go(self, lease: Lease) -> None:
        """Nothing of a lane is in hands any more; what is of other lanes stays."""
        taken = self.taken.get(lease.consumer, {})
        for position in [position for position, lane in list(taken.items()) if lane == lease.lane]:
            del taken[position]

    def conclude(self, message_id: str, outcome: Outcome) -> None:
        """Tell who watches a command how it ended."""
        for future in self.watching.pop(message_id, ()):
            if not future.done():
                future.set_result(outcome)

    def remember_own(self, message_id: str) -> None:
        """These bytes were made by this process's codec; bounded, for it only saves a check."""
        self.own[message_id] = None
        if len(self.own) > 20_000:  # noqa: PLR2004 - a few megabytes
            for old in list(self.own)[:10_000]:
                del self.own[old]


@lru_cache(maxsize=TOGETHER)
def end_of(count: int) -> str:
    """The statement that ends so many commands; its values are those of each `End` in turn."""
    if count == 1:
        return "UPDATE tense_command SET state = 3, outcome = ?2, ended = ?3 WHERE seq = ?1 AND state IN (0, 1, 2)"
    marks = ", ".join(["(?, ?, ?)"] * count)
    return (
        "UPDATE tense_command SET state = 3, outcome = e.column2, ended = e.column3 "  # noqa: S608 - question marks only
        f"FROM (VALUES {marks}) AS e WHERE seq = e.column1 AND state IN (0, 1, 2)"
    )
