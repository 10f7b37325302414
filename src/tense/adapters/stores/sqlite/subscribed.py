"""Subscribed: which types each subscription takes, as long as any instance does."""

import sqlite3
from collections.abc import Sequence

from tense.adapters.stores.sqlite.core import Core
from tense.ports.instances import TAKEN_FOR, Unbroken, types_taken
from tense.ports.records import Consumer


class Subscribed:
    """Keeps what the subscriptions of this process take, and forgets what no instance has taken for long."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._unbroken = Unbroken(TAKEN_FOR / 4)

    def again(self, connection: sqlite3.Connection) -> None:
        """To be called every minute, within a turn of the writer."""
        clock = self._core.around.clock
        consumers = [consumer for known in self._core.subscriptions.values() for consumer in known]
        take(connection, consumers, clock.now())
        if self._unbroken.beat(clock.now()) >= TAKEN_FOR:
            connection.executemany(
                "DELETE FROM tense_subscribed WHERE consumer = ? AND seen < ?",
                [(consumer.name, clock.now() - TAKEN_FOR) for consumer in consumers],
            )


def take(connection: sqlite3.Connection, consumers: Sequence[Consumer], now: float) -> None:
    """Say that these subscriptions take their types."""
    connection.executemany(
        "INSERT INTO tense_subscribed VALUES (?, ?, ?) ON CONFLICT (consumer, type) DO UPDATE SET seen = excluded.seen",
        [(*taken, now) for taken in types_taken(consumers)],
    )
