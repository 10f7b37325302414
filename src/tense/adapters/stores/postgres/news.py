"""News: what other processes did, from hints and, as the truth behind them, from polling."""

from tense.adapters.stores.postgres.backlog import Backlog
from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.hints import Hint, Hints
from tense.adapters.stores.postgres.ledger import Ledger
from tense.adapters.stores.postgres.pool import Connection
from tense.errors import ClosedError, StoreError
from tense.ports.clock import Timer

POLL = 5.0
"""Seconds between two looks while hints are heard."""

POLL_ALONE = 0.2
"""Seconds between two looks while they are not: behind a pooler, or until the listening connection is back."""

LOOK_AHEAD = 10.0
"""Seconds after which exceptions are asked for although nothing new is known: a hint may have been lost."""

MARKS = """
SELECT (SELECT last_value FROM tense.command_seq_seq), (SELECT last_value FROM tense.log_pos_seq),
       pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
FROM pg_current_snapshot() AS s
"""
"""Numbers are given out before they are committed: nothing new can come while they stay, once every transaction that
was open when they were last seen to move is over."""


class News:
    """Turns hints and polls into what the watcher is told."""

    def __init__(self, core: Core, backlog: Backlog, ledger: Ledger) -> None:
        self._core = core
        self._backlog = backlog
        self._ledger = ledger
        self.hints = Hints(core, self._heard)
        self._marks = (-1, -1)
        self._open_until = 0
        self._ahead_at = 0.0
        self._looking = False
        self._missed = False
        self._again = False
        self._timer: Timer | None = None
        self._stopped = False

    async def start(self) -> None:
        """Begin to look."""
        self._core.tell_others = self.hints.tell
        await self.hints.start()
        self._wait()

    async def stop(self) -> None:
        """Look no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        await self.hints.stop()

    @property
    def _pause(self) -> float:
        return POLL if self.hints.listening and not self._missed else POLL_ALONE

    def _wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._stopped:
            self._timer = self._core.around.clock.call_later(self._pause, self._poll)

    def _poll(self) -> None:
        if not self._stopped:
            self._wait()
            self._look()

    def _look(self) -> None:
        if self._looking:
            self._again = True
            return
        self._looking = True
        self._core.around.spawn.task(self._look_now(), "tense poll")

    async def _look_now(self) -> None:
        try:
            self._again = True
            while self._again and not self._stopped:
                self._again = False
                await self._core.run(self._compare)
                await self._ledger.look()
            self._missed = False
        except (StoreError, ClosedError):
            # Whoever told that there is something does not tell it again.
            self._missed = True
            self._wait()
        finally:
            self._looking = False

    async def _compare(self, connection: Connection) -> None:
        core = self._core
        if not core.consumers:
            return
        row = await connection.fetchrow(core.sql(MARKS))
        assert row is not None
        marks, oldest, newest = (row[0], row[1]), row[2], row[3]
        stirred = marks != self._marks or self._open_until > 0
        if marks != self._marks:
            self._marks, self._open_until = marks, newest
        elif oldest >= self._open_until:
            self._open_until = 0
        now = core.around.clock.elapsed()
        if stirred:
            for name in core.consumers:
                core.around.watcher.arrived(name, -1)
        if now >= self._ahead_at:
            self._ahead_at = now + LOOK_AHEAD
            await self._tell_dues(connection)

    async def _tell_dues(self, connection: Connection) -> None:
        for consumer in list(self._core.consumers.values()):
            await self._backlog.look_ahead(connection, consumer)
            if (at := self._core.next_due.get(consumer.name)) is not None:
                self._core.around.watcher.due(consumer.name, at)

    def _heard(self, hint: Hint | None) -> None:
        """What another process told; None if something may have been missed."""
        core, watcher = self._core, self._core.around.watcher
        if self._stopped or core.closed:
            return
        if hint is None or hint.every:
            self._look_everywhere()
            return
        for service, lane in hint.arrivals:
            watcher.arrived(service, lane)
        for channel, lane in hint.logged:
            for subscription in core.subscriptions.get(channel, ()):
                watcher.arrived(subscription.name, lane)
        for name, due in hint.dues.items():
            watcher.due(name, due)
        for place in hint.freed:
            core.free(place)
        if hint.moved:
            watcher.moved()
        if hint.ended and core.watching:
            self._look()

    def _look_everywhere(self) -> None:
        # Hints may be heard no more, or again: the pause that has begun is then too long, or too short.
        self._wait()
        self._marks, self._ahead_at = (-1, -1), 0.0
        self._look()
