"""Handing messages out: claims of commands, reads of event logs, and exceptions whose time has come."""

import asyncio
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from tense.adapters.stores.sqlite.core import METADATA, Core, encode
from tense.adapters.stores.sqlite.schema import STRUCK
from tense.adapters.stores.sqlite.strands import strands_of, table_of
from tense.errors import LeaseLostError
from tense.messages.envelope import is_subscription
from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery, Lease, Origin
from tense.ports.instances import let_go
from tense.ports.records import Consumer
from tense.ports.store import Want

COLUMNS = "seq, id, lane, headers, body, attempts, failed, redriven, strand, released"

CLAIM = f"""
SELECT {COLUMNS} FROM tense_command WHERE service = ? AND lane = ? AND state = 0 AND seq > ? ORDER BY seq LIMIT ?
"""  # noqa: S608 - constants

COUNT = "UPDATE tense_command SET attempts = attempts + 1 WHERE seq = ?"
COUNT_ALL = "UPDATE tense_command SET attempts = attempts + 1 WHERE seq IN (SELECT value FROM json_each(?))"

DUE_COMMANDS = f"""
SELECT {COLUMNS} FROM tense_command WHERE service = ? AND state IN (1, 2)
AND ((state = 1 AND due <= ?) OR (deadline IS NOT NULL AND deadline <= ?)) ORDER BY seq LIMIT ?
"""  # noqa: S608 - constants

DUE_EVENTS = """
SELECT e.pos, l.id, e.lane, l.headers, l.body, e.attempts, e.failed, e.redriven, '*', e.released,
       EXISTS (SELECT 1 FROM tense_subscribed AS s WHERE s.consumer = e.consumer AND s.type = l.type)
FROM tense_exception AS e JOIN tense_log AS l ON l.pos = e.pos
WHERE e.consumer = ? AND e.state = 1 AND e.due <= ? ORDER BY e.pos LIMIT ?
"""

READ = """
SELECT pos, id, lane, headers, body, 0, 0, 0, '*', 0 FROM tense_log WHERE channel = ? AND lane = ?
AND type IN (SELECT type FROM tense_subscribed WHERE consumer = ?) AND pos > ? ORDER BY pos LIMIT ?
"""
"""Types that only a colleague takes are handed out too: the cursor is everybody's, and whoever does not know one puts it
back for those who do."""

NEXT_COMMANDS = """
SELECT * FROM (SELECT seq, due FROM tense_command WHERE service = :name AND state IN (1, 2)
AND state = 1 ORDER BY due LIMIT :most)
UNION ALL SELECT * FROM (SELECT seq, deadline FROM tense_command WHERE service = :name AND state IN (1, 2)
AND deadline IS NOT NULL ORDER BY deadline LIMIT :most)
"""

NEXT_EVENTS = "SELECT pos, due FROM tense_exception WHERE consumer = :name AND state = 1 ORDER BY due LIMIT :most"


class Backlog:
    """Reads for the consumers of this process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def claim(
        self, consumer: Consumer, wanted: Sequence[Want], limit: int
    ) -> "list[Delivery] | asyncio.Future[Sequence[Delivery]]":
        """The next deliveries of some lanes."""
        if consumer.kind == "subscription":
            return self._read_log(consumer, wanted, limit)
        return self._hand_out(consumer, lambda connection: self._claim(connection, consumer, wanted, limit))

    def due(
        self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> "asyncio.Future[Sequence[Delivery]]":
        """Exceptions whose time has come."""
        return self._hand_out(consumer, lambda connection: self._due(connection, consumer, leases, now, limit))

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due."""
        taken = self._core.taken.get(consumer.name, {})
        query = NEXT_COMMANDS if consumer.kind == "inbox" else NEXT_EVENTS
        rows = self._core.read().execute(query, {"name": consumer.name, "most": len(taken) + 1}).fetchall()
        return min((float(due) for position, due in rows if position not in taken), default=None)

    def held(self, lease: Lease) -> set[str]:
        """The strands of a lane that hold something back."""
        consumer = self._core.consumers[lease.consumer]
        return strands_of(self._core.read(), table_of(consumer.name), lease.consumer, lease.lane)

    def strike(self, delivery: Delivery, first: int) -> "asyncio.Future[int]":
        """Count a delivery before it is started."""
        core = self._core
        core.struck.add((delivery.consumer, delivery.position))

        def operation(connection: sqlite3.Connection) -> int:
            lease = core.leases.get((delivery.consumer, delivery.lane))
            if lease is None or lease.lost:
                text = f"lane {delivery.lane} of {delivery.consumer} belongs to another worker now"
                raise LeaseLostError(text)
            if not is_subscription(delivery.consumer):
                counted = f"{COUNT} RETURNING attempts"
                return int(connection.execute(counted, (delivery.position,)).fetchone()[0])
            row = connection.execute(
                "INSERT INTO tense_exception (consumer, pos, lane, state, attempts) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (consumer, pos) DO UPDATE SET attempts = attempts + 1 RETURNING attempts",
                (delivery.consumer, delivery.position, delivery.lane, STRUCK, first),
            ).fetchone()
            return int(row[0])

        return self._core.writer.submit(operation, light=True)

    async def history(self, consumer: Consumer, after: int, limit: int) -> list[Delivery]:
        """Logged events that a subscription takes, beyond a position, in the order of the log."""
        rows = self._core.read().execute(
            _history_query(len(consumer.types)), (consumer.channel, *consumer.types, after, limit)
        )
        return [self._delivery(consumer, row, "backlog", 1) for row in rows]

    def cursors(self, consumer: Consumer) -> dict[int, int]:
        """The position up to which each lane of a subscription was read."""
        rows = self._core.read().execute("SELECT lane, pos FROM tense_lane WHERE consumer = ?", (consumer.name,))
        return dict(rows.fetchall())

    def _hand_out(
        self, consumer: Consumer, find: Callable[[sqlite3.Connection], list[Delivery]]
    ) -> "asyncio.Future[Sequence[Delivery]]":
        """What is found in a turn of the writer is in hands from then on, and counted, unless its group is undone."""
        marked: list[int] = []

        def operation(connection: sqlite3.Connection) -> Sequence[Delivery]:
            taken, found = self._core.taken.setdefault(consumer.name, {}), find(connection)
            for delivery in found:
                taken[delivery.position] = delivery.lane
                marked.append(delivery.position)
            self._count(connection, consumer, found)
            return found

        def settled(done: "asyncio.Future[Sequence[Delivery]]") -> None:
            if done.cancelled() or done.exception() is not None:
                taken = self._core.taken.get(consumer.name, {})
                for position in marked:
                    taken.pop(position, None)

        future = self._core.writer.submit(operation, light=True)
        future.add_done_callback(settled)
        return future

    def _claim(
        self, connection: sqlite3.Connection, consumer: Consumer, wanted: Sequence[Want], limit: int
    ) -> list[Delivery]:
        found: list[Delivery] = []
        for want in wanted:
            most = min(want.most, limit - len(found))
            if most <= 0:
                break
            if want.lease.lost:
                continue
            rows = connection.execute(CLAIM, (consumer.name, want.lease.lane, want.after, most))
            found += [self._delivery(consumer, row, "backlog", row[5] + 1, alone=row[5] > row[6]) for row in rows]
        return found

    def _due(
        self, connection: sqlite3.Connection, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> list[Delivery]:
        taken = self._core.taken.get(consumer.name, {})
        inbox = consumer.kind == "inbox"
        values = (consumer.name, now, now, limit + len(taken)) if inbox else (consumer.name, now, limit + len(taken))
        found = []
        for row in connection.execute(DUE_COMMANDS if inbox else DUE_EVENTS, values).fetchall():
            lease = leases.get(row[2])
            if lease is None or lease.lost or row[0] in taken:
                continue
            # A timer whose time has come for the first time takes its place behind what its key waits for.
            origin: Origin = "backlog" if row[5] == 0 and row[8] is None else "exception"
            delivery = self._delivery(consumer, row, origin, row[5] + 1, alone=row[5] > row[6])
            found.append(delivery if inbox or row[10] else let_go(delivery, consumer))
            if len(found) == limit:
                break
        return found

    def _count(self, connection: sqlite3.Connection, consumer: Consumer, found: Sequence[Delivery]) -> None:
        """Count what is handed out; what is to run alone is counted when it starts, for it waits for others."""
        counted = [delivery for delivery in found if not delivery.alone]
        if consumer.kind == "inbox":
            connection.execute(COUNT_ALL, (encode([delivery.position for delivery in counted]).decode(),))
        else:
            connection.executemany(
                "UPDATE tense_exception SET attempts = attempts + 1 WHERE consumer = ? AND pos = ?",
                [(consumer.name, delivery.position) for delivery in counted],
            )

    def _read_log(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        connection = self._core.read()
        found: list[Delivery] = []
        for want in wanted:
            most = min(want.most, limit - len(found))
            if most <= 0:
                break
            lease = want.lease
            after, struck = (want.after, ()) if want.after >= 0 else self._cursor(connection, lease)
            rows = connection.execute(READ, (consumer.channel, lease.lane, consumer.name, after, most))
            found += [self._delivery(consumer, row, "backlog", 1, alone=row[0] in struck) for row in rows]
        return found

    def _cursor(self, connection: sqlite3.Connection, lease: Lease) -> tuple[int, Collection[int]]:
        """Where a lane was left, and which events were counted there before they were started and never ended."""
        row = connection.execute(
            "SELECT pos FROM tense_lane WHERE consumer = ? AND lane = ?", (lease.consumer, lease.lane)
        ).fetchone()
        struck = connection.execute(
            "SELECT pos FROM tense_exception WHERE consumer = ? AND lane = ? AND state = ?",
            (lease.consumer, lease.lane, STRUCK),
        ).fetchall()
        return 0 if row is None else int(row[0]), [position for (position,) in struck]

    def _delivery(
        self, consumer: Consumer, row: Sequence[Any], origin: Origin, attempt: int, *, alone: bool = False
    ) -> Delivery:
        return Delivery(
            consumer=consumer.name,
            lane=row[2],
            position=row[0],
            metadata=metadata_of(row[3], row[1]),
            body=row[4],
            attempt=attempt,
            origin=origin,
            alone=alone,
            own=row[1] in self._core.own,
            redriven=row[7],
            released=row[9],
        )


@lru_cache(maxsize=64)
def _history_query(types: int) -> str:
    marks = ", ".join("?" * types)
    return (
        "SELECT pos, id, lane, headers, body, 0, 0, 0, '*', 0 FROM tense_log "  # noqa: S608 - question marks only
        f"WHERE channel = ? AND type IN ({marks}) AND pos > ? ORDER BY pos LIMIT ?"
    )


def metadata_of(headers: bytes, message_id: str) -> Metadata:
    """Headers as metadata; broken ones become metadata that names the trouble, so that the message can be buried."""
    try:
        return METADATA.decode(headers)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Metadata(id=message_id, kind="broken", type="broken headers")
