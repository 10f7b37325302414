"""Settling: the rows that each settlement leaves, for commands and for events."""

import sqlite3

from tense.adapters.stores.sqlite.core import Core, encode, end_of
from tense.adapters.stores.sqlite.marks import put_mark
from tense.adapters.stores.sqlite.schema import DEAD, HELD, OPEN, SCHEDULED
from tense.adapters.stores.sqlite.strands import go_on, table_of
from tense.errors import LeaseLostError
from tense.messages.envelope import is_subscription
from tense.messages.settlement import LANE, Again, Buried, Done, Held, Released, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.instances import attempts_after

AGAIN_COMMAND = """
UPDATE tense_command SET state = ?, due = ?, error = ?, strand = coalesce(strand, ?), attempts = ?, failed = ?,
    released = released + ?
WHERE seq = ? AND state IN (0, 1, 2)
"""

BURY = """
INSERT INTO tense_dead (consumer, kind, id, type, key, lane, position, strand, reason, error, traceback, attempts,
                        accepted, died, redriven, headers, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

PUT_EXCEPTION = """
INSERT INTO tense_exception (consumer, pos, lane, state, strand, attempts, failed, due, error, released)
VALUES (:consumer, :pos, :lane, :state, :strand, :attempts, :attempts, :due, :error, :released)
ON CONFLICT (consumer, pos) DO UPDATE SET state = excluded.state, strand = coalesce(strand, excluded.strand),
    attempts = excluded.attempts, failed = excluded.failed, due = excluded.due, error = excluded.error,
    released = released + excluded.released
"""


def settle(
    connection: sqlite3.Connection,
    core: Core,
    delivery: Delivery,
    lease: Lease,
    settlement: Settlement,
    *,
    put_off: bool = False,
) -> None:
    """Write what a settlement leaves. The end of a command in hands may be `put_off` until the group's are written.

    Raises:
        LeaseLostError: somebody else ended this message meanwhile.
    """
    if delivery.origin == "elsewhere":
        put_mark(connection, delivery, settlement, core.around.clock.now())
        return
    taken = core.taken.get(delivery.consumer)
    in_hands = taken is not None and taken.pop(delivery.position, None) is not None
    if delivery.metadata.kind == "event" or is_subscription(delivery.consumer):
        _settle_event(connection, core, delivery, lease, settlement)
    else:
        _settle_command(connection, core, delivery, settlement, put_off=put_off and in_hands)


def _settle_command(
    connection: sqlite3.Connection, core: Core, delivery: Delivery, settlement: Settlement, *, put_off: bool
) -> None:
    seq, now = delivery.position, core.around.clock.now()
    if isinstance(settlement, Done):
        _end_command(connection, core, delivery, settlement, put_off=put_off)
    elif isinstance(settlement, Again):
        attempts, released = attempts_after(delivery, settlement)
        values = (SCHEDULED, settlement.due, settlement.error, settlement.strand, attempts, attempts, released, seq)
        _only_once(delivery, connection.execute(AGAIN_COMMAND, values).rowcount)
        core.plan(delivery.consumer, settlement.due)
    elif isinstance(settlement, Held):
        connection.execute(
            "UPDATE tense_command SET state = ?, strand = ?, attempts = attempts - ? WHERE seq = ? AND state IN (0, 1)",
            (HELD, settlement.strand, counted(delivery), seq),
        )
        _release_if_free(connection, core, delivery, settlement.strand)
    elif isinstance(settlement, Buried):
        _bury_command(connection, core, delivery, settlement, now)
    else:
        assert isinstance(settlement, Released)
        state = OPEN if delivery.origin == "backlog" else SCHEDULED
        connection.execute(
            "UPDATE tense_command SET state = ?, attempts = max(0, attempts - ?) WHERE seq = ? AND state IN (0, 1)",
            (state, counted(delivery), seq),
        )


def _end_command(connection: sqlite3.Connection, core: Core, delivery: Delivery, done: Done, *, put_off: bool) -> None:
    outcome = None if done.outcome is None else encode(done.outcome)
    end = (delivery.position, outcome, core.around.clock.now())
    if put_off and delivery.origin == "backlog":
        core.ends.append(end)
    else:
        _only_once(delivery, connection.execute(end_of(1), end).rowcount)
    if done.outcome is not None:
        core.told.append((delivery.metadata.id, done.outcome))
    if delivery.origin == "exception":
        _go_on_behind(connection, core, delivery)


def _only_once(delivery: Delivery, rows: int) -> None:
    if rows != 1:
        text = f"{delivery.metadata.type} {delivery.metadata.id} was ended by somebody else meanwhile"
        raise LeaseLostError(text)


def counted(delivery: Delivery) -> int:
    """How many attempts the handing out of a delivery counted; one that runs alone is counted when it starts."""
    return 0 if delivery.alone else 1


def _bury_command(connection: sqlite3.Connection, core: Core, delivery: Delivery, buried: Buried, now: float) -> None:
    outcome = None if buried.outcome is None else encode(buried.outcome)
    done = connection.execute(
        "UPDATE tense_command SET state = ?, outcome = ?, ended = ?, error = ?, strand = coalesce(strand, ?), failed = attempts "
        "WHERE seq = ? AND state IN (0, 1, 2)",
        (DEAD, outcome, now, buried.error, buried.strand, delivery.position),
    )
    _only_once(delivery, done.rowcount)
    if buried.outcome is not None:
        core.told.append((delivery.metadata.id, buried.outcome))
    row = connection.execute("SELECT accepted FROM tense_command WHERE seq = ?", (delivery.position,)).fetchone()
    _bury(connection, delivery, buried, (row[0], now))


def _end_event(connection: sqlite3.Connection, core: Core, delivery: Delivery, place: tuple[str, int]) -> None:
    if delivery.origin == "exception":
        done = connection.execute("DELETE FROM tense_exception WHERE consumer = ? AND pos = ?", place)
        _only_once(delivery, done.rowcount)
        _go_on_behind(connection, core, delivery)
    elif delivery.alone or delivery.attempt > 1 or place in core.struck:
        core.struck.discard(place)
        connection.execute("DELETE FROM tense_exception WHERE consumer = ? AND pos = ?", place)


def _settle_event(
    connection: sqlite3.Connection, core: Core, delivery: Delivery, lease: Lease, settlement: Settlement
) -> None:
    place = (delivery.consumer, delivery.position)
    row = {"consumer": delivery.consumer, "pos": delivery.position, "lane": delivery.lane}
    row |= {"attempts": delivery.attempt, "released": 0}
    if isinstance(settlement, Done):
        _end_event(connection, core, delivery, place)
    elif isinstance(settlement, Again):
        again = {"state": SCHEDULED, "strand": settlement.strand, "due": settlement.due, "error": settlement.error}
        again["attempts"], again["released"] = attempts_after(delivery, settlement)
        connection.execute(PUT_EXCEPTION, row | again)
        core.plan(delivery.consumer, settlement.due)
    elif isinstance(settlement, Held):
        held = {"state": HELD, "strand": settlement.strand, "attempts": 0, "due": 0.0, "error": None}
        connection.execute(PUT_EXCEPTION, row | held)
        _release_if_free(connection, core, delivery, settlement.strand)
    elif isinstance(settlement, Buried):
        dead = {"state": DEAD, "strand": settlement.strand, "due": 0.0, "error": settlement.error}
        connection.execute(PUT_EXCEPTION, row | dead)
        row = connection.execute("SELECT accepted FROM tense_log WHERE pos = ?", (delivery.position,)).fetchone()
        _bury(connection, delivery, settlement, (row[0], core.around.clock.now()))
    elif delivery.origin == "exception":
        connection.execute(
            "UPDATE tense_exception SET attempts = max(0, attempts - ?) WHERE consumer = ? AND pos = ?",
            (counted(delivery), *place),
        )
    # A replay runs under a lease of its own making, which has no token, and moves no mark.
    if lease.token and delivery.origin == "backlog" and not isinstance(settlement, Released):
        lane = (delivery.consumer, delivery.lane)
        before, under = core.cursors.get(lane, (0, lease))
        core.cursors[lane] = (max(before, delivery.position) if under is lease else delivery.position, lease)


def _bury(connection: sqlite3.Connection, delivery: Delivery, buried: Buried, times: tuple[float, float]) -> None:
    metadata = delivery.metadata
    connection.execute(
        BURY,
        (
            delivery.consumer,
            metadata.kind,
            metadata.id,
            metadata.type,
            metadata.partitionkey,
            delivery.lane,
            delivery.position,
            buried.strand,
            buried.reason,
            buried.error,
            buried.traceback,
            delivery.attempt,
            *times,
            delivery.redriven,
            encode(metadata),
            delivery.body,
        ),
    )


def _go_on_behind(connection: sqlite3.Connection, core: Core, delivery: Delivery) -> None:
    """What was held back behind a delivery that is through now goes on."""
    table = table_of(delivery.consumer)
    place = (delivery.consumer, delivery.lane)
    for strand in _strands_behind(delivery):
        go_on(connection, core, table, place, strand)


def _strands_behind(delivery: Delivery) -> tuple[str, ...]:
    """The strands a delivery may have held back: its key's, and its lane's."""
    key = delivery.metadata.partitionkey
    return (LANE,) if key is None else (key, LANE)


def _release_if_free(connection: sqlite3.Connection, core: Core, delivery: Delivery, strand: str) -> None:
    """Held behind something that is gone meanwhile: go on at once."""
    # What was freed in this very group is not free any more: this one waits there.
    core.freed = [freed for freed in core.freed if freed != (delivery.consumer, delivery.lane, strand)]
    go_on(connection, core, table_of(delivery.consumer), (delivery.consumer, delivery.lane), strand)
