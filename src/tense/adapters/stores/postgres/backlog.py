"""Handing messages out: claims of commands, reads of event logs, and exceptions whose time has come."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from tense.adapters.stores.postgres.core import METADATA, Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.positions import packed, unpacked
from tense.adapters.stores.postgres.queries import (
    CLAIM,
    DUE_COMMANDS,
    DUE_EVENTS,
    END_SILENT,
    HISTORY,
    NEXT_COMMANDS,
    NEXT_EVENTS,
    READ,
    STRIKE,
)
from tense.adapters.stores.postgres.trouble import GONE
from tense.messages.metadata import Metadata
from tense.ports.delivery import Delivery, Lease, Origin
from tense.ports.instances import let_go
from tense.ports.records import Consumer
from tense.ports.store import Want

WAIT = "SELECT pg_sleep(0.002)"
WAITS = 8
"""Most transactions end within these moments; the wait is the server's, where their end is seen."""

AT_ONCE = 10
"""How often the log is read again at once after that."""

LATER = 0.25
"""Seconds until it is read again, at most, as long as an old transaction stays open."""


class Backlog:
    """Reads for the consumers of this process."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tries: dict[str, int] = {}
        self._hidden_since: dict[str, float] = {}

    def claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> "asyncio.Future[Sequence[Delivery]]":
        """The next deliveries of some lanes."""
        work = (
            self._read(consumer, wanted, limit)
            if consumer.kind == "subscription"
            else self._claim(consumer, wanted, limit)
        )
        return self._core.soon(work, "tense claim")

    def due(
        self, consumer: Consumer, leases: Mapping[int, Lease], now: float, limit: int
    ) -> "asyncio.Future[Sequence[Delivery]]":
        """Exceptions whose time has come."""
        return self._core.soon(self._due(consumer, list(leases.values()), now, limit), "tense due")

    def next_due(self, consumer: Consumer) -> float | None:
        """When the next exception is due, as it was when lanes were acquired or exceptions read."""
        return self._core.next_due.get(consumer.name)

    def strike(self, delivery: Delivery, first: int) -> "asyncio.Future[int]":
        """Count a delivery of an event before it is started."""
        xid, pos = unpacked(delivery.position)

        async def count(connection: Connection) -> int:
            values = (delivery.consumer, pos, xid, delivery.lane, first)
            return int(await connection.fetchval(self._core.sql(STRIKE), *values))

        return self._core.soon(self._core.run(count), "tense strike")

    async def history(self, consumer: Consumer, after: int, limit: int) -> list[Delivery]:
        """Logged events that a subscription takes, beyond a position, in the order of the log."""
        values = (consumer.channel, list(consumer.types), *unpacked(max(0, after)), limit)
        rows = await self._core.run(lambda connection: connection.fetch(self._core.sql(HISTORY), *values))
        return [self._event(consumer, row, "backlog", 1) for row in rows]

    async def cursors(self, consumer: Consumer) -> dict[int, int]:
        """How far each lane of a subscription was read."""
        query = self._core.sql("SELECT lane, xid, pos FROM tense.lane WHERE consumer = $1")
        rows = await self._core.run(lambda connection: connection.fetch(query, consumer.name))
        return {row[0]: packed(row[1], row[2]) for row in rows}

    async def look_ahead(self, connection: Connection, consumer: Consumer) -> None:
        """Find out when the next exception is due that is not in hands."""
        queries = NEXT_COMMANDS if consumer.kind == "inbox" else NEXT_EVENTS
        at = await connection.fetchval(self._core.sql(queries), consumer.name, self._core.around.instance)
        if at is None:
            self._core.next_due.pop(consumer.name, None)
        else:
            self._core.next_due[consumer.name] = float(at)

    async def _claim(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        live = [want for want in wanted if not want.lease.lost]
        lanes = [want.lease.lane for want in live]
        tokens, mosts = [want.lease.token for want in live], [want.most for want in live]

        async def take(connection: Connection) -> list[Any]:
            with self._lost_unless_answered([want.lease for want in live]):
                return list(await connection.fetch(self._core.sql(CLAIM), consumer.name, lanes, tokens, mosts, limit))

        rows = await self._core.run(take)
        found = [self._command(consumer, row, "backlog") for row in rows]
        return sorted(found, key=lambda delivery: delivery.position)

    async def _read(self, consumer: Consumer, wanted: Sequence[Want], limit: int) -> list[Delivery]:
        live = [want for want in wanted if not want.lease.lost]
        places = [unpacked(want.after) if want.after >= 0 else (None, None) for want in live]
        values = (
            *(consumer.name, consumer.channel, [want.lease.lane for want in live]),
            *([place[0] for place in places], [place[1] for place in places], [want.most for want in live], limit),
        )
        rows = await self._core.run(lambda connection: self._read_visible(connection, values))
        hidden = {row[3] for row in rows if row[-1]}
        if hidden:
            self._look_again(consumer, hidden)
            await self._end_silent(consumer)
        else:
            self._tries.pop(consumer.name, None)
            self._hidden_since.pop(consumer.name, None)
        return [self._event(consumer, row, "backlog", 1) for row in rows if not row[-1]]

    async def _read_visible(self, connection: Connection, values: Sequence[Any]) -> list[Any]:
        """Read; where all that is new stands behind an open transaction, wait a moment for that one to end."""
        rows: list[Any] = []
        for _ in range(WAITS):
            rows = await connection.fetch(self._core.sql(READ), *values)
            if not rows or not all(row[-1] for row in rows):
                break
            await connection.execute(WAIT)
        return rows

    async def _end_silent(self, consumer: Consumer) -> None:
        """What hides events for longer than a lease may be a worker of ours that fell silent: the server is told."""
        now, lease = self._core.around.clock.elapsed(), self._core.around.lease
        if now - self._hidden_since.setdefault(consumer.name, now) > lease:
            self._hidden_since[consumer.name] = now
            await self._core.run(lambda connection: connection.execute(END_SILENT, lease))

    def _look_again(self, consumer: Consumer, lanes: set[int]) -> None:
        """Rows are there, and an older transaction may still put others before them."""
        tries = self._tries[consumer.name] = self._tries.get(consumer.name, 0) + 1

        def arrive() -> None:
            if not self._core.closed:
                for lane in lanes:
                    self._core.around.watcher.arrived(consumer.name, lane)

        if tries <= AT_ONCE:
            arrive()
        else:
            self._core.around.clock.call_later(min(LATER, 0.01 * (tries - AT_ONCE)), arrive)

    async def _due(self, consumer: Consumer, leases: Sequence[Lease], now: float, limit: int) -> list[Delivery]:
        live = [lease for lease in leases if not lease.lost]
        lanes, tokens = [lease.lane for lease in live], [lease.token for lease in live]
        inbox = consumer.kind == "inbox"

        async def take(connection: Connection) -> list[Any]:
            query = self._core.sql(DUE_COMMANDS if inbox else DUE_EVENTS)
            with self._lost_unless_answered(live):
                rows = await connection.fetch(query, consumer.name, lanes, tokens, now, limit)
                await self.look_ahead(connection, consumer)
            return list(rows)

        rows = await self._core.run(take)
        found = [
            self._exceptional(consumer, row) if inbox else self._event(consumer, row, "exception", row[6])
            for row in rows
        ]
        return sorted(found, key=lambda delivery: delivery.position)

    @contextmanager
    def _lost_unless_answered(self, leases: Sequence[Lease]) -> Iterator[None]:
        """Give the lanes up if the server may have handed out what nobody was told of.

        Under this token it would not hand that out again, and what stands behind it would pass it by.
        """
        try:
            yield
        except GONE:
            for lease in leases:
                self._core.lose(lease)
            raise

    def _exceptional(self, consumer: Consumer, row: Sequence[Any]) -> Delivery:
        # A timer whose time has come for the first time takes its place behind what its key waits for.
        return self._command(consumer, row, "backlog" if row[5] == 1 and row[8] is None else "exception")

    def _command(self, consumer: Consumer, row: Sequence[Any], origin: Origin) -> Delivery:
        """From a row whose attempts are counted already."""
        return Delivery(
            consumer=consumer.name,
            lane=row[2],
            position=row[0],
            metadata=metadata_of(row[3], row[1]),
            body=row[4],
            attempt=row[5],
            origin=origin,
            alone=row[5] - 1 > row[6],
            own=row[1] in self._core.own,
            redriven=row[7],
            released=row[9],
        )

    def _event(self, consumer: Consumer, row: Sequence[Any], origin: Origin, attempt: int) -> Delivery:
        delivery = Delivery(
            consumer=consumer.name,
            lane=row[3],
            position=packed(row[0], row[1]),
            metadata=metadata_of(row[4], row[2]),
            body=row[5],
            attempt=attempt,
            origin=origin,
            own=row[2] in self._core.own,
            redriven=row[7] if origin == "exception" else 0,
            released=row[8] if origin == "exception" else 0,
        )
        return delivery if origin == "backlog" or row[9] else let_go(delivery, consumer)


def metadata_of(headers: bytes, message_id: str) -> Metadata:
    """Headers as metadata; broken ones become metadata that names the trouble, so that the message can be buried."""
    try:
        return METADATA.decode(headers)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Metadata(id=message_id, kind="broken", type="broken headers")
