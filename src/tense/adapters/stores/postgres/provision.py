"""Provisioning: create what is missing of the consumers, and refuse on a difference."""

from collections.abc import Sequence

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.positions import START
from tense.adapters.stores.postgres.subscribed import take
from tense.errors import StoreUnusableError
from tense.ports.records import Consumer


async def provision(core: Core, consumers: Sequence[Consumer]) -> None:
    """Create, read back, compare. Safe to repeat and beside others.

    Raises:
        StoreUnusableError: a consumer was made with another number of lanes.
    """

    async def create(connection: Connection) -> None:
        for consumer in sorted(consumers, key=lambda consumer: consumer.name):
            await _create(core, connection, consumer)
        await take(core, connection, consumers)

    await core.within(create)
    for consumer in consumers:
        core.consumers[consumer.name] = consumer
        known = core.subscriptions.setdefault(consumer.channel, [])
        if consumer.kind == "subscription" and consumer.name not in {other.name for other in known}:
            known.append(consumer)


async def _create(core: Core, connection: Connection, consumer: Consumer) -> None:
    now = core.around.clock.now()
    head = (consumer.name, consumer.service, consumer.channel, consumer.kind, consumer.lanes)
    new = await connection.fetchval(
        core.sql(
            "INSERT INTO tense.consumer VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING name"
        ),
        *(*head, consumer.epoch, now),
    )
    if new is None:
        await _compare(core, connection, consumer)
        return
    # What is committed now, or may be by a transaction that is still open, lies before and after this point.
    begin = (
        str(START)
        if consumer.from_start or consumer.kind == "inbox"
        else "pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"
    )
    await connection.execute(
        core.sql(
            f"INSERT INTO tense.lane (consumer, lane, xid, pos) SELECT $1, n, {begin}, 9223372036854775807 "  # noqa: S608 - one of two words
            "FROM generate_series(0, $2::int - 1) AS n"
        ),
        *(consumer.name, consumer.lanes),
    )
    await connection.execute(
        core.sql("INSERT INTO tense.service VALUES ($1, $2) ON CONFLICT DO NOTHING"), consumer.service, now
    )


async def _compare(core: Core, connection: Connection, consumer: Consumer) -> None:
    query = core.sql("SELECT lanes FROM tense.consumer WHERE name = $1")
    lanes = await connection.fetchval(query, consumer.name)
    if lanes != consumer.lanes:
        text = (
            f"{core.address.shown}: {consumer.name} was made with {lanes} lanes, this app wants {consumer.lanes}. "
            "The number is fixed when it is made, for it says which key goes where."
        )
        raise StoreUnusableError(text)
