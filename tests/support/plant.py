"""Twelve bugs to plant into the engine and its store, each for one run; `PLANTED` names them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from tense.adapters.stores.sqlite import backlog, core, news, settling, unit
from tense.adapters.stores.sqlite.backlog import Backlog
from tense.adapters.stores.sqlite.lanes import Lanes
from tense.adapters.stores.sqlite.ledger import Letters
from tense.adapters.stores.sqlite.unit import SqliteUnit
from tense.messages.settlement import Done
from tense.runtime.consumer import ConsumerLoop
from tense.runtime.lane import Lane
from tense.runtime.work import Work

Plant = Callable[[ExitStack], None]
PLANTED: dict[str, Plant] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """With this bug in it."""
    with ExitStack() as stack:
        PLANTED[name](stack)
        yield


def _bug(plant: Plant) -> Plant:
    PLANTED[plant.__name__] = plant
    return plant


@_bug
def mark_before_publish(stack: ExitStack) -> None:
    """The mark commits; what the handler said leaves a moment later, if its process still lives."""

    def write(self: Any, connection: Any, settlement: Any, outgoing: Any) -> None:
        settling.settle(connection, self._core, self._delivery, self._lease, settlement)
        self._core.touched[self._lease] = None
        if outgoing:
            asyncio.get_running_loop().call_later(0.05, _say, self, outgoing)

    stack.enter_context(patch.object(SqliteUnit, "_write_all", write))


def _say(self: Any, outgoing: Any) -> None:
    self._core.writer.write(lambda connection: [self._intake.put(connection, envelope) for envelope in outgoing])


@_bug
def settle_before_commit(stack: ExitStack) -> None:
    """An event's mark is written when its handler starts."""
    original = Work.perform

    async def perform(self: Any, delivery: Any, lease: Any, *rest: Any) -> Any:
        if delivery.metadata.kind == "event" and delivery.origin == "backlog":
            self._store.core.cursors[delivery.consumer, delivery.lane] = (delivery.position, lease)
        return await original(self, delivery, lease, *rest)

    stack.enter_context(patch.object(Work, "perform", perform))


@_bug
def lease_without_token(stack: ExitStack) -> None:
    """Nobody looks whether a lane has changed hands."""
    stack.enter_context(patch.object(Lanes, "check_fence", lambda *_: None))
    stack.enter_context(patch.object(core, "MOVE", core.MOVE.replace("token = ?", "? IS NOT NULL")))


@_bug
def inbox_outside_the_transaction(stack: ExitStack) -> None:
    """The handler's rows commit; the mark follows in a transaction of its own."""
    original = unit.settle

    def settle(connection: Any, core: Any, *rest: Any, put_off: bool) -> None:
        del put_off
        asyncio.get_running_loop().call_later(0.02, core.writer.write, lambda later: original(later, core, *rest))

    stack.enter_context(patch.object(unit, "settle", settle))


@_bug
def cursor_beyond_a_gap(stack: ExitStack) -> None:
    """Keys of one lane run beside each other, and the cursor follows whoever is fastest."""
    original = Lane.strand_of

    def strand_of(self: Any, delivery: Any) -> Any:
        serial, self.serial = self.serial, False
        try:
            return original(self, delivery)
        finally:
            self.serial = serial

    stack.enter_context(patch.object(Lane, "strand_of", strand_of))


@_bug
def outcome_written_twice(stack: ExitStack) -> None:
    """Who takes a lane over is also handed the commands that ended there."""
    stack.enter_context(patch.object(backlog, "CLAIM", backlog.CLAIM.replace("state = 0", "state IN (0, 3)")))
    original = core.end_of

    def always(count: int) -> str:
        return original(count).replace("AND state IN (0, 1, 2)", "")

    for user in (core, settling):
        stack.enter_context(patch.object(user, "end_of", always))


@_bug
def lane_released_too_early(stack: ExitStack) -> None:
    """A lane is given away while a handler of it still runs, and the next owner gets the same number."""

    async def give(self: Any, lane: Any) -> None:
        lease, store = lane.lease, self._store
        await store.release([replace(lease)])
        self._going.discard(lease)
        number = (
            "UPDATE tense_lane SET token = token - 1 WHERE consumer = ? AND lane = ? AND token = ? AND owner IS NULL"
        )
        await store.core.writer.submit(lambda file: file.execute(number, (lease.consumer, lease.lane, lease.token)))

    stack.enter_context(patch.object(ConsumerLoop, "give", give))


@_bug
def attempt_counted_at_settle(stack: ExitStack) -> None:
    """Only failures are counted: whoever dies with a message in hands leaves no trace."""
    stack.enter_context(patch.object(Backlog, "_count", lambda *_: None))
    stack.enter_context(patch.object(backlog, "COUNT", "UPDATE tense_command SET attempts = attempts WHERE seq = ?"))
    stack.enter_context(patch.object(Backlog, "strike", lambda _, delivery, first: delivery.attempt))


@_bug
def redrive_without_inbox_check(stack: ExitStack) -> None:
    """What was put back once is put back again when asked, though it is through meanwhile."""
    original, known = Letters._take, {}

    def take(self: Any, connection: Any, number: int) -> Any:
        place = known[number] = original(self, connection, number) or known.get(number)
        if place is not None and "<" in place[0]:
            connection.execute(
                "INSERT OR IGNORE INTO tense_exception (consumer, pos, lane, state, strand, attempts) VALUES (?, ?, ?, 1, ?, 0)",
                place,
            )
        elif place is not None:
            connection.execute("UPDATE tense_command SET state = 4 WHERE seq = ?", (place[1],))
        return place

    stack.enter_context(patch.object(Letters, "_take", take))


@_bug
def park_ignored_after_restart(stack: ExitStack) -> None:
    """Who takes a lane over does not ask what is held back in it."""
    stack.enter_context(patch.object(Backlog, "held", lambda *_: set()))


@_bug
def retry_clock_in_memory(stack: ExitStack) -> None:
    """Only the process that saw a message fail knows when it is to be tried again."""
    stack.enter_context(patch.object(Backlog, "next_due", lambda *_: None))
    stack.enter_context(patch.object(news, "DUES", "SELECT name, NULL FROM tense_consumer"))


@_bug
def stop_that_drops_the_buffer(stack: ExitStack) -> None:
    """What has not run when a worker stops is settled as if it had."""

    def put_back(self: Any, lane: Any) -> None:
        for delivery in lane.waiting():
            self._unrun.settle(delivery, lane, Done())
        self._drop(lane)

    stack.enter_context(patch.object(ConsumerLoop, "_put_back", put_back))
