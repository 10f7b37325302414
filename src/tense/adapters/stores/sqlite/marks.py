"""Marks: how deliveries of another store ended here, and the outbox's rows that are through."""

import sqlite3
from collections.abc import Sequence

import msgspec

from tense.adapters.stores.sqlite.core import encode
from tense.errors import LeaseLostError
from tense.messages.settlement import Buried, Done, Mark, Settlement
from tense.ports.delivery import Delivery
from tense.ports.records import Consumer

MARK = msgspec.json.Decoder(Mark)

PUT = "INSERT INTO tense_mark VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"

KNOWN = """
SELECT id, redriven, ending FROM tense_mark
WHERE consumer = ? AND id IN (SELECT value FROM json_each(?))
"""

PASSED = """
DELETE FROM tense_log WHERE pos IN (
    SELECT l.pos FROM tense_lane AS p JOIN tense_log AS l ON l.channel = ? AND l.lane = p.lane AND l.pos <= p.pos
    WHERE p.consumer = ? AND NOT EXISTS (SELECT 1 FROM tense_exception AS e WHERE e.consumer = ? AND e.pos = l.pos)
    LIMIT ?)
"""


def put_mark(connection: sqlite3.Connection, delivery: Delivery, settlement: Settlement, now: float) -> None:
    """Write how a delivery of another store ended.

    Raises:
        LeaseLostError: it ended before.
    """
    assert isinstance(settlement, Done | Buried)
    mark = Mark(buried=settlement) if isinstance(settlement, Buried) else Mark(outcome=settlement.outcome)
    metadata = delivery.metadata
    values = (delivery.consumer, metadata.id, delivery.redriven, encode(mark), now)
    if connection.execute(PUT, values).rowcount != 1:
        text = f"{metadata.type} {metadata.id} for {delivery.consumer} was ended by somebody else meanwhile"
        raise LeaseLostError(text)


def marks(connection: sqlite3.Connection, deliveries: Sequence[Delivery]) -> dict[int, Settlement]:
    """How those of these deliveries ended that have a mark, by position."""
    if not deliveries:
        return {}
    ids = encode([delivery.metadata.id for delivery in deliveries]).decode()
    rows = connection.execute(KNOWN, (deliveries[0].consumer, ids)).fetchall()
    if not rows:
        return {}
    known = {(row[0], row[1]): row[2] for row in rows}
    places = {(delivery.metadata.id, delivery.redriven): delivery.position for delivery in deliveries}
    return {places[place]: MARK.decode(known[place]).settlement for place in known.keys() & places.keys()}


def forget_passed(connection: sqlite3.Connection, consumer: Consumer, limit: int) -> int:
    """Delete what a subscription has passed; how many rows went."""
    return connection.execute(PASSED, (consumer.channel, consumer.name, consumer.name, limit)).rowcount
