"""The statements that take messages in, and the values they take. No driver is imported here."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tense.adapters.stores.postgres.schema import OPEN, SCHEDULED
from tense.messages.envelope import Envelope

encode = msgspec.json.Encoder().encode

INSERT_COMMANDS = """
INSERT INTO tense.command (id, service, lane, state, key, type, headers, body, accepted, due, deadline)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::smallint[], $5::text[], $6::text[], $7::bytea[],
                     $8::bytea[], $9::float8[], $10::float8[], $11::float8[])
ON CONFLICT (id) DO NOTHING RETURNING id
"""

INSERT_EVENTS = """
INSERT INTO tense.log (xid, id, channel, lane, key, type, headers, body, accepted)
SELECT greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1), said.*
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bytea[], $7::bytea[], $8::float8[]) AS said
ON CONFLICT (id) DO NOTHING RETURNING id
"""
"""The log is read in the order of `xid`, as far as every transaction below has ended. A transaction may have begun long
before it says this, so its own number would put the event before others that it knows of: it stands behind whatever was
committed by now. It never stands below its own transaction's number, so no reader passes it by before it is there."""

KNOWN = {
    "event": "SELECT id, type, body FROM tense.log WHERE id = ANY($1::text[])",
    "command": "SELECT id, type, body FROM tense.command WHERE id = ANY($1::text[])",
}


def rounds(envelopes: Sequence[Envelope]) -> list[list[int]]:
    """Which of these go into one statement each, by index: as a rule all into one.

    Within a statement they are sorted by id, so that two batches never wait for each other in a circle. What was said
    behind another of its key under an id that sorts before it goes into the next one, and so stands behind it.
    """
    found: list[list[int]] = [[]]
    last: dict[str, tuple[int, str]] = {}
    for i, envelope in enumerate(envelopes):
        id_, key, number = envelope.metadata.id, envelope.metadata.partitionkey, 0
        if key is not None:
            number, before = last.get(key, (0, ""))
            number += id_ < before
            last[key] = number, id_
        if number == len(found):
            found.append([])
        found[number].append(i)
    for chosen in found:
        chosen.sort(key=lambda i: envelopes[i].metadata.id)
    return found


def command_row(envelope: Envelope, lane: int, now: float) -> tuple[Any, ...]:
    """The values of a command's row, in the order of INSERT_COMMANDS."""
    metadata = envelope.metadata
    state = SCHEDULED if envelope.due > now else OPEN
    head = (metadata.id, envelope.service, lane, state, metadata.partitionkey, metadata.type)
    return (*head, encode(metadata), envelope.body, now, envelope.due, metadata.deadline)


def event_row(envelope: Envelope, lane: int, now: float) -> tuple[Any, ...]:
    """The values of an event's row, in the order of INSERT_EVENTS."""
    metadata = envelope.metadata
    head = (metadata.id, envelope.channel, lane, metadata.partitionkey, metadata.type)
    return (*head, encode(metadata), envelope.body, now)
