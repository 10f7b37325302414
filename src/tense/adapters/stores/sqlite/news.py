"""News: what other processes wrote into the file, and telling them what this one wrote."""

import sqlite3

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.lanes import Lanes
from tense.adapters.stores.sqlite.ledger import Ledger
from tense.adapters.stores.sqlite.neighbours import Bell
from tense.errors import StoreError
from tense.ports.clock import Timer

MANY = 10_000
"""More new rows than this are not looked at one by one: every lane is read."""

ENDS = """
SELECT (SELECT coalesce(max(seq), 0) FROM tense_command), (SELECT coalesce(max(pos), 0) FROM tense_log),
(SELECT value FROM tense_meta WHERE name = 'moves')
"""

DUES = """
SELECT name, CASE kind WHEN 'inbox'
THEN (SELECT min(due) FROM tense_command WHERE service = name AND state IN (1, 2) AND state = 1)
ELSE (SELECT min(due) FROM tense_exception WHERE consumer = name AND state = 1) END FROM tense_consumer
"""
"""When the next exception of each consumer is due, in one statement: a read costs more than what it reads."""


class News:
    """Looks for what others wrote, when woken, when a group begins, and at the latest every `poll` seconds."""

    def __init__(self, core: Core, lanes: Lanes, ledger: Ledger, wake: Bell, poll: float) -> None:
        self._core = core
        self._lanes = lanes
        self._ledger = ledger
        self._wake = wake
        self._poll_after = poll
        self._version = -1
        self._seen_command = 0
        self._seen_event = 0
        self._seen_moves = -1
        self._timer: Timer | None = None
        self._stopped = False

    def start(self) -> None:
        """Begin to look."""
        connection = self._core.connection
        self._version = connection.execute("PRAGMA data_version").fetchone()[0]
        self._seen_command, self._seen_event, _ = self._ends()
        self._wake.open(self.look)
        self._timer = self._core.around.clock.call_later(self._poll_after, self._poll)

    def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        self._wake.close()

    # Around groups

    def opened(self, connection: sqlite3.Connection) -> None:
        """A group begins: who else wrote since the last one?"""
        if self._changed(connection):
            self._core.around.clock.call_later(0.0, self._read_news)

    def looked_at(self, connection: sqlite3.Connection) -> None:
        """Somebody may look for commands that ended."""
        if self._core.ends:
            self._core.write_ends(connection)

    def closing(self, connection: sqlite3.Connection) -> None:
        """A group is about to be committed."""
        self._core.flush(connection)

    def committed(self) -> None:
        """A group is durable: tell this process, and wake the others if it may concern them."""
        core = self._core
        others = bool(core.arrivals or core.logged or core.told or core.dues or core.moved)
        core.publish_news()
        if others:
            self._wake.poke()

    def undone(self, error: StoreError) -> None:
        """A group is undone."""
        self._core.forget_news(error)

    # Looking

    def look(self) -> None:
        """See now whether somebody else wrote."""
        if self._stopped or self._core.closed:
            return
        if self._core.writer.idle and self._changed(self._core.connection):
            self._read_news()

    def _poll(self) -> None:
        if self._stopped:
            return
        self._timer = self._core.around.clock.call_later(self._poll_after, self._poll)
        self.look()

    def _changed(self, connection: sqlite3.Connection) -> bool:
        """Whether another process committed since the last look; if so, lanes it took from us are lost now.

        The fence is checked with every look: a look that saw a change and left the fence would hide it from the next.
        """
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return False
        self._version = version
        self._lanes.check_fence(connection)
        return True

    def _read_news(self) -> None:
        core = self._core
        if self._stopped or core.closed:
            return
        commands, events, moves = self._ends()
        watcher = core.around.watcher
        if commands > self._seen_command:
            self._tell_new_commands(commands)
        if events > self._seen_event:
            self._tell_new_events(events)
        if core.watching:
            self._ledger.look()
        if moves != self._seen_moves:
            self._seen_moves = moves
            watcher.moved()
        for name, due in core.reader.execute(DUES).fetchall() if core.consumers else ():
            if due is not None:
                watcher.due(name, due)

    def _tell_new_commands(self, end: int) -> None:
        watcher, start = self._core.around.watcher, self._seen_command
        self._seen_command = end
        if end - start > MANY:
            for name in self._core.consumers:
                watcher.arrived(name, -1)
            return
        query = "SELECT DISTINCT service, lane FROM tense_command WHERE seq > ? AND state = 0"
        for service, lane in self._core.reader.execute(query, (start,)).fetchall():
            watcher.arrived(service, lane)

    def _tell_new_events(self, end: int) -> None:
        watcher, start = self._core.around.watcher, self._seen_event
        self._seen_event = end
        if end - start > MANY:
            for name in self._core.consumers:
                watcher.arrived(name, -1)
            return
        query = "SELECT DISTINCT channel, lane FROM tense_log WHERE pos > ?"
        for channel, lane in self._core.reader.execute(query, (start,)).fetchall():
            for consumer in self._core.subscriptions.get(channel, ()):
                watcher.arrived(consumer.name, lane)

    def _ends(self) -> tuple[int, int, int]:
        """The last command, the last event, and how often lanes have moved."""
        command, event, moves = self._core.reader.execute(ENDS).fetchone()
        return command, event, moves
