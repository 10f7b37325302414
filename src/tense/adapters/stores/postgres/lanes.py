"""Lanes and instances: who lives, who may handle what, and what happens when one dies. Moments are the server's."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from tense.adapters.stores.postgres.backlog import Backlog
from tense.adapters.stores.postgres.core import Core, encode
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.queries import NOW
from tense.adapters.stores.postgres.strands import table_of
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import translated
from tense.errors import StoreError
from tense.ports.delivery import Lease
from tense.ports.instances import is_gone, refuse_two_owners
from tense.ports.records import Consumer, Instance

INSTANCE = msgspec.json.Decoder(Instance)

GONE_AFTER = 7 * 86_400.0
"""Seconds after which an instance that is gone is forgotten."""

QUICK, SILENT = 0.2, 0.6
"""Parts of a lease: how long saying that one lives may take, and after which silence lanes are given up where it failed
again. They must be before the lease ends: what is silent may be a network between two that live."""

INSTANCES = f"SELECT detail, until - {NOW} FROM tense.instance ORDER BY id"  # noqa: S608 - a constant

LIVING = f"SELECT detail FROM tense.instance WHERE until > {NOW} AND id <> $1"  # noqa: S608 - a constant

FORGET = f"DELETE FROM tense.instance WHERE until < {NOW} - $1::float8"  # noqa: S608 - a constant

SERVICES = f"""
INSERT INTO tense.service SELECT name, {NOW} FROM unnest($1::text[]) AS name ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant

TURN = "SELECT pg_advisory_xact_lock(hashtext('tense announce'), hashtext($1))"

ANNOUNCE = f"""
INSERT INTO tense.instance AS i (id, host, pid, until, detail) VALUES ($1, $2, $3, {NOW} + $4, $5)
ON CONFLICT (id) DO UPDATE SET until = excluded.until, detail = excluded.detail
"""  # noqa: S608 - a constant

BEAT = f"WITH said AS ({ANNOUNCE}) SELECT consumer, lane, token FROM tense.lane WHERE owner = $1"  # noqa: S608 - a constant
"""Both in one: it is asked all the time, also while nothing happens. An instance's id is its lanes' owner."""

TAKE = """
UPDATE tense.lane AS l SET owner = $1, token = l.token + 1
FROM (
    SELECT q.lane FROM tense.lane AS q JOIN unnest($3::int[], $4::bigint[]) AS w(lane, token)
    ON q.lane = w.lane AND q.token = w.token WHERE q.consumer = $2 ORDER BY q.lane FOR UPDATE OF q SKIP LOCKED
) AS p
WHERE l.consumer = $2 AND l.lane = p.lane RETURNING l.lane, l.token
"""
"""A lane whose last owner is just settling, or fell silent while it did, is left for the next time."""

UNCOUNT = {
    "inbox": "UPDATE tense.command AS c SET attempts = greatest(c.failed, c.attempts - 1), claimed = 0 "
    "FROM unnest($2::int[], $3::bigint[]) AS w(lane, token) "
    "WHERE c.service = $1 AND c.lane = w.lane AND c.claimed = w.token AND c.state IN (0, 1, 2)",
    "subscription": "UPDATE tense.exception AS c SET attempts = greatest(0, c.attempts - 1), claimed = 0 "
    "FROM unnest($2::int[], $3::bigint[]) AS w(lane, token) "
    "WHERE c.consumer = $1 AND c.lane = w.lane AND c.claimed = w.token AND c.state = 1",
}
"""A lost connection is not the messages' fault: what this process had in hands is not counted."""


class Lanes:
    """Keeps lanes, leases and the table of instances."""

    def __init__(self, core: Core, backlog: Backlog) -> None:
        self._core = core
        self._backlog = backlog
        self._me: Instance | None = None
        # What is read of the lanes and what is known of them must not change in between.
        self._turn = asyncio.Lock()
        self._heard = 0.0

    async def announce(self, instance: Instance) -> None:
        """Say that this instance lives, and see whether its lanes are still its own."""
        fresh = self._me is None
        self._me = instance
        around, began = self._core.around, self._core.around.clock.elapsed()
        try:
            async with asyncio.timeout(None if fresh else around.lease * QUICK), self._turn:
                if fresh:
                    await self._core.within(lambda connection: self._enter(connection, instance))
                else:
                    await self._core.run(lambda connection: self._beat(connection, instance))
        except (StoreError, TimeoutError) as error:
            if around.clock.elapsed() - self._heard > around.lease * SILENT:
                for lease in list(self._core.leases.values()):
                    self._core.lose(lease)
            raise translated(error, self._core.address.shown) from error
        self._heard = began
        if fresh:
            self._core.publish(Tidings(moved=True))

    async def acquire(self, consumer: Consumer, share: int) -> list[Lease]:
        """Take free lanes and those whose owner is gone."""
        async with self._turn:
            missing = share - len(self._held(consumer))
            if missing > 0:
                taken = await self._core.within(lambda connection: self._acquire(connection, consumer, missing))
                self._core.leases.update({(consumer.name, lease.lane): lease for lease in taken})
            return self._held(consumer)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back, clean."""
        core = self._core
        statement = core.sql(
            "UPDATE tense.lane AS l SET owner = NULL "
            "FROM unnest($1::text[], $2::int[], $3::bigint[]) AS w(consumer, lane, token) "
            "WHERE l.consumer = w.consumer AND l.lane = w.lane AND l.token = w.token"
        )
        async with self._turn:
            live = [lease for lease in leases if not lease.lost]
            values = [
                [lease.consumer for lease in live],
                [lease.lane for lease in live],
                [lease.token for lease in live],
            ]
            try:
                if live:
                    await core.run(lambda connection: connection.execute(statement, *values))
            finally:
                # Even if it failed nothing of them is in hands any more: they are taken anew, under another token.
                for lease in live:
                    core.forget(lease)
        core.publish(Tidings(moved=True))

    async def retire(self) -> None:
        """This instance is going."""
        if self._me is None:
            return
        await self.release(list(self._core.leases.values()))
        gone, self._me = self._me, None
        await self._core.run(lambda connection: connection.execute(self._core.sql(ANNOUNCE), *_row(gone, 0.0)))
        self._core.publish(Tidings(moved=True))

    async def instances(self) -> list[Instance]:
        """The instances that were seen last; `until` in this process's time."""
        query = self._core.sql(INSTANCES)
        rows = await self._core.run(lambda connection: connection.fetch(query))
        return [self._as_it_lives(row) for row in rows]

    def _held(self, consumer: Consumer) -> list[Lease]:
        return [
            lease for (name, _), lease in sorted(self._core.leases.items()) if name == consumer.name and not lease.lost
        ]

    async def _enter(self, connection: Connection, instance: Instance) -> None:
        core = self._core
        await connection.execute(TURN, core.address.schema)
        for other in await self._others(connection):
            refuse_two_owners(instance, other)
        await connection.execute(core.sql(FORGET), GONE_AFTER)
        await connection.execute(core.sql(SERVICES), list(instance.services))
        await self._beat(connection, instance)

    async def _beat(self, connection: Connection, instance: Instance) -> None:
        core = self._core
        rows = await connection.fetch(core.sql(BEAT), *_row(instance, core.around.lease))
        ours = {(row[0], row[1]): row[2] for row in rows}
        for place, lease in list(core.leases.items()):
            if ours.get(place) != lease.token:
                core.lose(lease)

    async def _others(self, connection: Connection) -> list[Instance]:
        query = self._core.sql(LIVING)
        found = [INSTANCE.decode(row[0]) for row in await connection.fetch(query, self._core.around.instance)]
        return [instance for instance in found if not is_gone(instance, self._host())]

    async def _acquire(self, connection: Connection, consumer: Consumer, missing: int) -> list[Lease]:
        core, me = self._core, self._core.around.instance
        living = {instance.id for instance in await self._others(connection)}
        query = core.sql("SELECT lane, owner, token FROM tense.lane WHERE consumer = $1 ORDER BY lane")
        rows = [
            row for row in await connection.fetch(query, consumer.name) if (consumer.name, row[0]) not in core.leases
        ]
        mine = [row for row in rows if row[1] == me]
        free = [row for row in rows if row[1] != me and row[1] not in living][: max(0, missing - len(mine))]
        wanted = {row[0]: row for row in sorted([*mine, *free])}
        if not wanted:
            return []
        lanes, tokens = list(wanted), [row[2] for row in wanted.values()]
        taken = await connection.fetch(core.sql(TAKE), me, consumer.name, lanes, tokens)
        if mine:
            values = ([row[0] for row in mine], [row[2] for row in mine])
            await connection.execute(core.sql(UNCOUNT[consumer.kind]), consumer.name, *values)
        await self._load(connection, consumer, [row[0] for row in taken])
        owners = {lane: wanted[lane][1] for lane, _ in taken}
        return [Lease(consumer.name, lane, token, crashed=owners[lane] not in (None, me)) for lane, token in taken]

    async def _load(self, connection: Connection, consumer: Consumer, lanes: Sequence[int]) -> None:
        """What these lanes hold back, and when their next exception is due: asked for without a wait afterwards."""
        table = table_of(consumer.name)
        query = (
            f"SELECT DISTINCT lane, strand FROM {table.name} WHERE {table.owner} = $1 AND lane = ANY($2::int[]) "  # noqa: S608 - words of Table
            "AND strand IS NOT NULL AND state IN (1, 2, 4)"
        )
        for lane in lanes:
            self._core.blocked[consumer.name, lane] = set()
        for lane, strand in await connection.fetch(self._core.sql(query), consumer.name, list(lanes)):
            self._core.blocked[consumer.name, lane].add(strand)
        await self._backlog.look_ahead(connection, consumer)

    def _as_it_lives(self, row: Sequence[Any]) -> Instance:
        """An instance whose process is gone lives no longer, whatever its lease says."""
        instance = INSTANCE.decode(row[0])
        until = self._core.around.clock.now() + float(row[1])
        if instance.id != self._core.around.instance and is_gone(instance, self._host()):
            until = 0.0
        return msgspec.structs.replace(instance, until=until)

    def _host(self) -> str:
        return "" if self._me is None else self._me.host


def _row(instance: Instance, lasts: float) -> tuple[Any, ...]:
    return instance.id, instance.host, instance.pid, lasts, encode(instance)
