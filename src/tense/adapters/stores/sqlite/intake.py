"""Taking messages in: commands to inboxes, events to logs. The same statements serve a user's own transaction."""

import sqlite3
from typing import TypeAlias

from tense.adapters.stores.sqlite.core import Core, encode
from tense.adapters.stores.sqlite.schema import OPEN, SCHEDULED
from tense.errors import DuplicateIdError
from tense.messages.envelope import Envelope

Taken: TypeAlias = bool

INSERT_COMMAND = """
INSERT INTO tense_command (id, service, lane, state, key, type, headers, body, accepted, due, deadline)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""

INSERT_EVENT = """
INSERT INTO tense_log (id, channel, lane, key, type, headers, body, accepted)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""


def insert(connection: sqlite3.Connection, envelope: Envelope, lane: int, now: float) -> bool:
    """Write a message; False if its id was accepted before with the same body.

    Raises:
        DuplicateIdError: the id was accepted before with another body.
    """
    metadata = envelope.metadata
    headers = encode(metadata)
    if metadata.kind == "event":
        values = (
            metadata.id,
            envelope.channel,
            lane,
            metadata.partitionkey,
            metadata.type,
            headers,
            envelope.body,
            now,
        )
        done = connection.execute(INSERT_EVENT, values)
        table = "tense_log"
    else:
        state = SCHEDULED if envelope.due > now else OPEN
        command = (
            metadata.id,
            envelope.service,
            lane,
            state,
            metadata.partitionkey,
            metadata.type,
            headers,
            envelope.body,
            now,
            envelope.due,
            metadata.deadline,
        )
        done = connection.execute(INSERT_COMMAND, command)
        table = "tense_command"
    if done.rowcount == 1:
        return True
    query = f"SELECT type, body FROM {table} WHERE id = ?"  # noqa: S608 - one of two names above
    row = connection.execute(query, (metadata.id,)).fetchone()
    if row is None or row[0] != metadata.type or row[1] != envelope.body:
        raise DuplicateIdError(metadata.id, metadata.type)
    return False


class Intake:
    """Accepts messages in this process."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def put(self, connection: sqlite3.Connection, envelope: Envelope) -> bool:
        """Write a message in the open group and note who is to know of it."""
        core = self._core
        now = core.around.clock.now()
        lane = core.around.lane_of(envelope)
        if not insert(connection, envelope, lane, now):
            return False
        core.remember_own(envelope.metadata.id)
        if envelope.metadata.kind == "event":
            core.logged[envelope.channel, lane] = None
        elif envelope.due > now:
            core.plan(envelope.service, envelope.due)
        else:
            core.arrivals[envelope.service, lane] = None
        return True
