"""Subscribed: which types each subscription takes, as long as any instance does."""

from collections.abc import Sequence

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.queries import NOW
from tense.ports.instances import TAKEN_FOR, Unbroken, types_taken
from tense.ports.records import Consumer

TAKE = f"""
INSERT INTO tense.subscribed (consumer, type, seen) SELECT c, t, {NOW} FROM unnest($1::text[], $2::text[]) AS taken(c, t)
ORDER BY c, t ON CONFLICT (consumer, type) DO UPDATE SET seen = excluded.seen
"""  # noqa: S608 - a constant

NO_MORE = f"""
DELETE FROM tense.subscribed WHERE consumer = ANY($1::text[]) AND seen < {NOW} - $2::float8
"""  # noqa: S608 - a constant


class Subscribed:
    """Keeps what the subscriptions of this process take, and forgets what no instance has taken for long."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._unbroken = Unbroken(TAKEN_FOR / 4)

    async def again(self) -> None:
        """To be called every minute."""
        core = self._core
        consumers = [consumer for known in core.subscriptions.values() for consumer in known]
        if not consumers:
            return

        async def say(connection: Connection) -> None:
            await take(core, connection, consumers)
            if self._unbroken.beat(await connection.fetchval(f"SELECT {NOW}")) >= TAKEN_FOR:
                names = [consumer.name for consumer in consumers]
                await connection.execute(core.sql(NO_MORE), names, TAKEN_FOR)

        await core.within(say)


async def take(core: Core, connection: Connection, consumers: Sequence[Consumer]) -> None:
    """Say that these subscriptions take their types."""
    if taken := types_taken(consumers):
        await connection.execute(core.sql(TAKE), [name for name, _ in taken], [t for _, t in taken])
