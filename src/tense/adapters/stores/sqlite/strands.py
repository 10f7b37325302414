"""Strands: what is held back behind a failed message, and how it goes on. Both tables, the same rules."""

import sqlite3
from dataclasses import dataclass

from tense.adapters.stores.sqlite.core import Core
from tense.adapters.stores.sqlite.schema import HELD, SCHEDULED
from tense.messages.envelope import is_subscription


@dataclass(frozen=True, slots=True)
class Table:
    """Where a kind of consumer keeps its exceptions, in SQL words."""

    name: str
    owner: str
    position: str


COMMANDS = Table("tense_command", "service", "seq")
EXCEPTIONS = Table("tense_exception", "consumer", "pos")


def table_of(consumer: str) -> Table:
    """The table that keeps the exceptions of an inbox or a subscription."""
    return EXCEPTIONS if is_subscription(consumer) else COMMANDS


def go_on(connection: sqlite3.Connection, core: Core, table: Table, place: tuple[str, int], strand: str | None) -> None:
    """The first of a strand is through: the next held one becomes due, or the strand is free.

    Nothing happens while another message of the strand is retried or dead: that one still holds the rest.
    """
    if strand is None:
        return
    owner, lane = place
    where = f"{table.owner} = ? AND lane = ? AND strand = ?"
    query = (
        f"SELECT {table.position}, state FROM {table.name} WHERE {where} AND state IN (1, 2, 4) "  # noqa: S608 - words of Table
        f"ORDER BY {table.position}"
    )
    rest = connection.execute(query, (owner, lane, strand)).fetchmany(2)
    if not rest:
        core.freed.append((owner, lane, strand))
        return
    first_held, state = rest[0]
    if state != HELD:
        return
    now = core.around.clock.now()
    free = f"UPDATE {table.name} SET state = ?, due = ? WHERE {table.owner} = ? AND {table.position} = ?"  # noqa: S608 - as above
    connection.execute(free, (SCHEDULED, now, owner, first_held))
    core.plan(owner, now)


def strands_of(connection: sqlite3.Connection, table: Table, owner: str, lane: int) -> set[str]:
    """The strands of a lane that hold something back."""
    query = (
        f"SELECT DISTINCT strand FROM {table.name} WHERE {table.owner} = ? AND lane = ? "  # noqa: S608 - as above
        "AND strand IS NOT NULL AND state IN (1, 2, 4)"
    )
    return {row[0] for row in connection.execute(query, (owner, lane))}
