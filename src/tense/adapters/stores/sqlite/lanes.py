"""Lanes and instances: who lives, who may handle what, and what happens when one dies."""

import sqlite3
from collections.abc import Sequence

import msgspec

from tense.adapters.stores.sqlite.core import Core, encode
from tense.adapters.stores.sqlite.subscribed import take
from tense.errors import StoreError, StoreUnusableError
from tense.ports.delivery import Lease
from tense.ports.instances import is_gone, refuse_two_owners
from tense.ports.records import Consumer, Instance

INSTANCE = msgspec.json.Decoder(Instance)

OWNED = """
SELECT p.lane, p.owner, p.token, i.detail FROM tense_lane AS p
LEFT JOIN tense_instance AS i ON i.id = p.owner AND i.until > ? WHERE p.consumer = ? ORDER BY p.lane
"""

GONE_AFTER = 7 * 86_400.0
"""Seconds after which an instance that is gone is forgotten."""


class Lanes:
    """Keeps lanes, leases and the table of instances."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._me: Instance | None = None
        self._fence = -1

    async def provision(self, consumers: Sequence[Consumer]) -> None:
        """Create what is missing of these consumers, and refuse on a difference."""
        core = self._core
        await core.writer.submit(lambda connection: self._provision(connection, consumers))
        for consumer in consumers:
            core.consumers[consumer.name] = consumer
            if consumer.kind == "subscription":
                core.subscriptions.setdefault(consumer.channel, []).append(consumer)

    async def announce(self, instance: Instance) -> None:
        """Say that this instance lives."""
        known = self._me is not None
        self._me = instance
        await self._core.writer.submit(lambda connection: self._announce(connection, instance), light=known)

    async def acquire(self, consumer: Consumer, share: int, now: float) -> list[Lease]:
        """Take free lanes and those whose owner is gone."""
        core = self._core
        known = self._held(consumer)
        held = [lease for lease in known if not lease.lost]
        # A lease whose work was undone is lost here and still ours in the file: it must be taken anew, or nobody can.
        if len(held) >= share and len(held) == len(known):
            return held
        # Who waits for lanes that others still have looks often: that must not take the right to write from them.
        if not self._takable(core.read(), consumer, now):
            return held
        made: list[Lease] = []
        try:
            found: list[Lease] = await core.writer.submit(
                lambda connection: self._acquire(connection, consumer, share, (now, made)), light=True
            )
        except StoreError:
            # The file knows nothing of these tokens, nor that its fence was moved.
            self._fence = -1
            for lease in made:
                lease.lost = True
            raise
        return found

    async def release(self, leases: Sequence[Lease]) -> None:
        """Give lanes back, clean."""
        core = self._core

        def operation(connection: sqlite3.Connection) -> None:
            core.flush(connection)
            rows = [
                (lease.consumer, lease.lane, lease.token, core.around.instance) for lease in leases if not lease.lost
            ]
            connection.executemany(
                "UPDATE tense_lane SET owner = NULL WHERE consumer = ? AND lane = ? AND token = ? AND owner = ?", rows
            )
            self._moved(connection)

        try:
            await core.writer.submit(operation)
        finally:
            # Even if it failed nothing of them is in hands any more: they are taken anew or given back later.
            for lease in leases:
                lease.lost = True
                core.let_go(lease)
        for lease in leases:
            place = (lease.consumer, lease.lane)
            # It may have been taken anew in the very group in which it was given back.
            if core.leases.get(place) is lease:
                del core.leases[place]

    async def retire(self) -> None:
        """This instance is going."""
        core = self._core
        if self._me is None:
            return
        await self.release([lease for lease in core.leases.values() if not lease.lost])
        now = core.around.clock.now()
        self._me = gone = msgspec.structs.replace(self._me, until=now)

        def operation(connection: sqlite3.Connection) -> None:
            self._write(connection, gone)
            self._moved(connection)

        await core.writer.submit(operation)
        self._me = None

    async def instances(self) -> list[Instance]:
        """The instances that were seen last."""
        rows = self._core.read().execute("SELECT detail FROM tense_instance ORDER BY id").fetchall()
        found = [INSTANCE.decode(row[0]) for row in rows]
        return [self._as_it_lives(instance) for instance in found]

    def check_fence(self, connection: sqlite3.Connection) -> None:
        """See whether somebody took a lane of ours while we did not look."""
        fence = int(connection.execute("SELECT value FROM tense_meta WHERE name = 'fence'").fetchone()[0])
        if fence == self._fence:
            return
        self._fence = fence
        core = self._core
        if not core.leases:
            return
        rows = connection.execute(
            "SELECT consumer, lane, token FROM tense_lane WHERE owner = ?", (core.around.instance,)
        )
        ours = {(row[0], row[1]): row[2] for row in rows}
        for place, lease in list(core.leases.items()):
            if ours.get(place) != lease.token and not lease.lost:
                del core.leases[place]
                core.lose(lease)

    def _held(self, consumer: Consumer) -> list[Lease]:
        return [lease for (name, _), lease in self._core.leases.items() if name == consumer.name]

    def _provision(self, connection: sqlite3.Connection, consumers: Sequence[Consumer]) -> None:
        core = self._core
        now = core.around.clock.now()
        for consumer in consumers:
            row = connection.execute("SELECT lanes FROM tense_consumer WHERE name = ?", (consumer.name,)).fetchone()
            if row is not None:
                if row[0] != consumer.lanes:
                    text = (
                        f"{core.path}: {consumer.name} was made with {row[0]} lanes, this app wants {consumer.lanes}. "
                        "The number is fixed when it is made, for it says which key goes where."
                    )
                    raise StoreUnusableError(text)
                continue
            self._create(connection, consumer, now)
        take(connection, consumers, now)

    def _create(self, connection: sqlite3.Connection, consumer: Consumer, now: float) -> None:
        head = (consumer.name, consumer.service, consumer.channel, consumer.kind, consumer.lanes)
        connection.execute("INSERT INTO tense_consumer VALUES (?, ?, ?, ?, ?, ?, ?)", (*head, consumer.epoch, now))
        start = 0
        if consumer.kind == "subscription" and not consumer.from_start:
            start = connection.execute("SELECT coalesce(max(pos), 0) FROM tense_log").fetchone()[0]
        connection.executemany(
            "INSERT INTO tense_lane (consumer, lane, pos) VALUES (?, ?, ?)",
            [(consumer.name, lane, start) for lane in range(consumer.lanes)],
        )
        connection.execute("INSERT OR IGNORE INTO tense_service VALUES (?, ?)", (consumer.service, now))

    def _announce(self, connection: sqlite3.Connection, instance: Instance) -> None:
        now = self._core.around.clock.now()
        for other in self._others(connection, now):
            refuse_two_owners(instance, other)
        fresh = connection.execute("SELECT 1 FROM tense_instance WHERE id = ?", (instance.id,)).fetchone() is None
        self._write(connection, instance)
        if fresh:
            rows = [(service, now) for service in instance.services]
            connection.executemany("INSERT OR IGNORE INTO tense_service VALUES (?, ?)", rows)
            connection.execute("DELETE FROM tense_instance WHERE until < ?", (now - GONE_AFTER,))
            self._moved(connection)

    def _moved(self, connection: sqlite3.Connection) -> None:
        """Lanes or instances changed: every process should look at its share."""
        connection.execute("UPDATE tense_meta SET value = value + 1 WHERE name = 'moves'")
        self._core.moved = True

    def _write(self, connection: sqlite3.Connection, instance: Instance) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO tense_instance VALUES (?, ?, ?, ?, ?)",
            (instance.id, instance.host, instance.pid, instance.until, encode(instance)),
        )

    def _others(self, connection: sqlite3.Connection, now: float) -> list[Instance]:
        rows = connection.execute(
            "SELECT detail FROM tense_instance WHERE until > ? AND id <> ?", (now, self._core.around.instance)
        )
        found = [INSTANCE.decode(row[0]) for row in rows]
        return [instance for instance in found if not is_gone(instance, self._host())]

    def _acquire(
        self, connection: sqlite3.Connection, consumer: Consumer, share: int, asked: tuple[float, list[Lease]]
    ) -> list[Lease]:
        core = self._core
        now, made = asked
        stolen = False
        for lane, owner, token in self._takable(connection, consumer, now):
            mine = owner == core.around.instance
            if not mine and sum(not lease.lost for lease in self._held(consumer)) >= share:
                continue
            stolen = stolen or (owner is not None and not mine)
            lease = Lease(consumer.name, lane, token + 1, crashed=owner is not None and not mine)
            connection.execute(
                "UPDATE tense_lane SET owner = ?, token = ? WHERE consumer = ? AND lane = ?",
                (core.around.instance, lease.token, consumer.name, lane),
            )
            core.leases[consumer.name, lane] = lease
            core.let_go(lease)
            made.append(lease)
        if stolen:
            connection.execute("UPDATE tense_meta SET value = value + 1 WHERE name = 'fence'")
            self._fence += 1
        return [lease for lease in self._held(consumer) if not lease.lost]

    def _takable(
        self, connection: sqlite3.Connection, consumer: Consumer, now: float
    ) -> list[tuple[int, str | None, int]]:
        """Lanes that nobody has who lives, and those of ours whose work was undone: number, owner, token."""
        me = self._core.around.instance
        gone: dict[str, bool] = {}
        takable: list[tuple[int, str | None, int]] = []
        for lane, owner, token, detail in connection.execute(OWNED, (now, consumer.name)).fetchall():
            if owner == me:
                free = not self._is_held(consumer.name, lane)
            elif detail is None:
                free = True
            else:
                if owner not in gone:
                    gone[owner] = is_gone(INSTANCE.decode(detail), self._host())
                free = gone[owner]
            if free:
                takable.append((lane, owner, token))
        return takable

    def _is_held(self, consumer: str, lane: int) -> bool:
        held = self._core.leases.get((consumer, lane))
        return held is not None and not held.lost

    def _as_it_lives(self, instance: Instance) -> Instance:
        """An instance whose process is gone lives no longer, whatever its lease says."""
        if instance.id != self._core.around.instance and is_gone(instance, self._host()):
            return msgspec.structs.replace(instance, until=0.0)
        return instance

    def _host(self) -> str:
        return "" if self._me is None else self._me.host
