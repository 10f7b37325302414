"""Marks: how deliveries of another store ended here, and the outbox's rows that are through."""

from collections.abc import Sequence

import msgspec

from tense.adapters.stores.postgres.core import Core, encode
from tense.adapters.stores.postgres.pool import Connection
from tense.messages.settlement import Buried, Done, Mark, Settlement
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer

MARK = msgspec.json.Decoder(Mark)

PUT = """
INSERT INTO tense.mark (consumer, id, redriven, ending, ended)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bytea[], $5::float8[])
ON CONFLICT DO NOTHING RETURNING consumer, id, redriven
"""

KNOWN = "SELECT id, redriven, ending FROM tense.mark WHERE consumer = $1 AND id = ANY($2::text[])"

PASSED = """
DELETE FROM tense.log WHERE pos IN (
    SELECT l.pos FROM tense.lane AS p JOIN tense.log AS l
    ON l.channel = $1 AND l.lane = p.lane AND (l.xid, l.pos) <= (p.xid, p.pos)
    WHERE p.consumer = $2 AND NOT EXISTS (SELECT 1 FROM tense.exception AS e WHERE e.consumer = $2 AND e.pos = l.pos)
    LIMIT $3)
"""


async def put_marks(
    connection: Connection, core: Core, ended: Sequence[tuple[Delivery, Settlement]]
) -> set[tuple[str, str, int]]:
    """Write how deliveries of another store ended; the places of those that had not ended before."""
    now = core.around.clock.now()
    # Sorted, so that two batches never wait for each other in a circle.
    rows = sorted((*place_of(delivery), encode(_mark(settlement)), now) for delivery, settlement in ended)
    written = await connection.fetch(core.sql(PUT), *zip(*rows, strict=True))
    return {(row[0], row[1], row[2]) for row in written}


async def marks(core: Core, deliveries: Sequence[Delivery]) -> dict[int, Settlement]:
    """How those of these deliveries ended that have a mark, by position."""
    if not deliveries:
        return {}
    consumer, ids = deliveries[0].consumer, [delivery.metadata.id for delivery in deliveries]
    rows = await core.run(lambda connection: connection.fetch(core.sql(KNOWN), consumer, ids))
    known = {(row[0], row[1]): row[2] for row in rows}
    places = {(delivery.metadata.id, delivery.redriven): delivery.position for delivery in deliveries}
    return {places[place]: MARK.decode(known[place]).settlement for place in known.keys() & places.keys()}


async def forget_passed(core: Core, consumer: Consumer, limit: int) -> int:
    """Delete what a subscription has passed; how many rows went."""
    values = (consumer.channel, consumer.name, limit)
    status = await core.run(lambda connection: connection.execute(core.sql(PASSED), *values))
    return int(status.rpartition(" ")[2])


def place_of(delivery: Delivery) -> tuple[str, str, int]:
    """What names a mark."""
    return delivery.consumer, delivery.metadata.id, delivery.redriven


def _mark(settlement: Settlement) -> Mark:
    assert isinstance(settlement, Done | Buried)
    return Mark(buried=settlement) if isinstance(settlement, Buried) else Mark(outcome=settlement.outcome)
