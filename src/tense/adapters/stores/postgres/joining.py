"""Joining a user's open transaction on asyncpg or psycopg, in whatever process it is. One round trip, as a rule."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tense.adapters.stores.postgres.address import read_address
from tense.adapters.stores.postgres.inserts import INSERT_COMMANDS, INSERT_EVENTS, KNOWN, command_row, event_row, rounds
from tense.adapters.stores.postgres.schema import in_schema
from tense.errors import DuplicateIdError, NotSupportedError, StoreUnusableError, WorkflowError
from tense.messages.envelope import Envelope
from tense.ports.joining import always

Placed = Sequence[tuple[Envelope, int]]

NO_TRANSACTION = (
    "app.outbox(connection) joins an open transaction, and this connection has none: begin one first, write your rows, "
    "and commit after the outbox."
)

NO_TABLES = (
    "this database has no tables of Tense, so nothing would carry the message on. Connect to the store's database, and "
    "create the tables with: tense db migrate"
)

NUMBER = re.compile(r"\$(\d+)")


class Notified:
    """What both drivers share: the statement that writes also notifies, when it commits."""

    def said(self) -> Callable[[], bool]:
        """These drivers do not tell of savepoints."""
        return always

    def leave(self) -> None:
        """Nothing was watched."""

    def wake(self) -> None:
        """The server does, at the commit."""


class AsyncpgJoint(Notified):
    """Writes through an `asyncpg.Connection`."""

    def __init__(self, connection: Any, address: str = "") -> None:
        self._connection = connection
        self._schema = schema_of(address)

    def write(self, envelopes: Placed, now: float) -> None:
        """Refuse: asyncpg is awaited."""
        del envelopes, now
        raise NotSupportedError("an asyncpg connection is awaited: use `async with app.outbox(connection)`.")

    async def write_async(self, envelopes: Placed, now: float) -> None:
        """Write within the open transaction."""
        if not envelopes:
            return
        connection = self._connection
        if not connection.is_in_transaction():
            raise WorkflowError(NO_TRANSACTION)
        stored = set[str]()
        try:
            for sql, values in insertions(self._schema, envelopes, now):
                stored |= {row[0] for row in await connection.fetch(sql, *values)}
        except Exception as error:
            raise missing_tables(error) from error
        for kind, ids in left_over(envelopes, stored).items():
            rows = await connection.fetch(in_schema(self._schema, KNOWN[kind]), ids)
            refuse_other_bodies(kind, envelopes, ids, rows)


class PsycopgJoint(Notified):
    """Writes through a `psycopg.Connection` or a `psycopg.AsyncConnection`."""

    def __init__(self, connection: Any, address: str = "") -> None:
        self._connection = connection
        self._schema = schema_of(address)

    def write(self, envelopes: Placed, now: float) -> None:
        """Write within the open transaction."""
        if not envelopes:
            return
        if "Async" in type(self._connection).__name__:
            raise NotSupportedError("this psycopg connection is awaited: use `async with app.outbox(connection)`.")
        self._check()
        stored = set[str]()
        try:
            for sql, values in insertions(self._schema, envelopes, now):
                stored |= {row[0] for row in self._connection.execute(*in_percent(sql, values)).fetchall()}
        except Exception as error:
            raise missing_tables(error) from error
        for kind, ids in left_over(envelopes, stored).items():
            known = in_percent(in_schema(self._schema, KNOWN[kind]), [ids])
            refuse_other_bodies(kind, envelopes, ids, self._connection.execute(*known).fetchall())

    async def write_async(self, envelopes: Placed, now: float) -> None:
        """As `write`, on an AsyncConnection."""
        if not envelopes:
            return
        if "Async" not in type(self._connection).__name__:
            self.write(envelopes, now)
            return
        self._check()
        stored = set[str]()
        try:
            for sql, values in insertions(self._schema, envelopes, now):
                cursor = await self._connection.execute(*in_percent(sql, values))
                stored |= {row[0] for row in await cursor.fetchall()}
        except Exception as error:
            raise missing_tables(error) from error
        for kind, ids in left_over(envelopes, stored).items():
            cursor = await self._connection.execute(*in_percent(in_schema(self._schema, KNOWN[kind]), [ids]))
            refuse_other_bodies(kind, envelopes, ids, await cursor.fetchall())

    def _check(self) -> None:
        connection = self._connection
        # Without autocommit the first statement begins the transaction that ours then joins.
        if connection.autocommit and connection.info.transaction_status.name == "IDLE":
            raise WorkflowError(NO_TRANSACTION)


def schema_of(address: str) -> str:
    """The schema that the app's store has, `tense` if it has no address."""
    return read_address(address).schema if address.startswith("postgres") else "tense"


def insertions(schema: str, envelopes: Placed, now: float) -> Iterator[tuple[str, list[Any]]]:
    """Statements that write everything, wake up who waits for it at the commit, and give the new ids.

    One, but where ids that were given by hand would turn a key's order round.
    """
    for places in rounds([envelope for envelope, _ in envelopes]):
        yield _insertion(schema, [envelopes[place] for place in places], now)


def _insertion(schema: str, envelopes: Placed, now: float) -> tuple[str, list[Any]]:
    events = [event_row(envelope, lane, now) for envelope, lane in envelopes if envelope.metadata.kind == "event"]
    commands = [command_row(envelope, lane, now) for envelope, lane in envelopes if envelope.metadata.kind != "event"]
    parts, values = [], list[Any]()
    for name, statement, rows in (("events", INSERT_EVENTS, events), ("commands", INSERT_COMMANDS, commands)):
        if rows:
            parts.append((name, shifted(statement, len(values))))
            values += [list(column) for column in zip(*rows, strict=True)]
    inserts = ", ".join(f"{name} AS ({statement})" for name, statement in parts)
    wake = f"pg_notify(${len(values) + 1}::text, ${len(values) + 2}::text)"
    ids = " UNION ALL ".join(f"SELECT id, {wake} FROM {name}" for name, _ in parts)  # noqa: S608 - words above
    hint = {"by": "outbox", "every": True}
    return in_schema(schema, f"WITH {inserts} {ids}"), [*values, f"tense_{schema}", msgspec.json.encode(hint).decode()]


def shifted(statement: str, by: int) -> str:
    """A statement whose parameters begin later."""
    return NUMBER.sub(lambda found: f"${int(found[1]) + by}", statement)


def in_percent(sql: str, values: Sequence[Any]) -> tuple[str, Mapping[str, Any]]:
    """A statement and its values as psycopg reads them."""
    return NUMBER.sub(r"%(p\1)s", sql), {f"p{number}": value for number, value in enumerate(values, 1)}


def left_over(envelopes: Placed, stored: set[str]) -> dict[str, list[str]]:
    """The ids that were there before, by kind; those that stand here twice too."""
    found: dict[str, list[str]] = {}
    new = set(stored)
    for envelope, _ in envelopes:
        metadata = envelope.metadata
        if metadata.id in new:
            new.discard(metadata.id)
        else:
            found.setdefault("event" if metadata.kind == "event" else "command", []).append(metadata.id)
    return found


def refuse_other_bodies(kind: str, envelopes: Placed, ids: Sequence[str], rows: Sequence[Any]) -> None:
    """Refuse an id that was used before with another body.

    Raises:
        DuplicateIdError: one was.
    """
    known = {row[0]: (row[1], bytes(row[2])) for row in rows}
    for envelope, _ in envelopes:
        metadata = envelope.metadata
        same = metadata.id in ids and (metadata.kind == "event") == (kind == "event")
        if same and known.get(metadata.id) != (metadata.type, envelope.body):
            raise DuplicateIdError(metadata.id, metadata.type)


def missing_tables(error: Exception) -> Exception:
    """The driver's error, or ours if it says that our tables are not there."""
    return StoreUnusableError(NO_TABLES) if getattr(error, "sqlstate", "") in ("42P01", "3F000") else error
