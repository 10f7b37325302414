"""Strands: what is held back behind a failed message, and how it goes on. Both tables, the same rules."""

from dataclasses import dataclass

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.schema import HELD, SCHEDULED
from tense.adapters.stores.postgres.tidings import Tidings
from tense.messages.envelope import is_subscription


@dataclass(frozen=True, slots=True)
class Table:
    """Where a kind of consumer keeps its exceptions, in SQL words."""

    name: str
    owner: str
    position: str
    order: str


COMMANDS = Table("tense.command", "service", "seq", "seq")
EXCEPTIONS = Table("tense.exception", "consumer", "pos", "xid, pos")


def table_of(consumer: str) -> Table:
    """The table of an inbox or a subscription, by its name."""
    return EXCEPTIONS if is_subscription(consumer) else COMMANDS


async def go_on(
    connection: Connection, core: Core, tidings: Tidings, place: tuple[str, int], strand: str | None
) -> None:
    """The first of a strand is through: the next held one becomes due, or the strand is free.

    Nothing happens while another message of the strand is retried or dead: that one still holds the rest. The lane's
    row must be locked, so that nobody holds something back at the same moment.
    """
    if strand is None:
        return
    owner, lane = place
    table = table_of(owner)
    query = (
        f"SELECT {table.position}, state FROM {table.name} "  # noqa: S608 - words of Table
        f"WHERE {table.owner} = $1 AND lane = $2 AND strand = $3 AND state IN (1, 2, 4) ORDER BY {table.order} LIMIT 1"
    )
    first = await connection.fetchrow(core.sql(query), owner, lane, strand)
    if first is None:
        tidings.freed.append((owner, lane, strand))
        return
    if first[1] != HELD:
        return
    now = core.around.clock.now()
    free = f"UPDATE {table.name} SET state = $1, due = $2 WHERE {table.owner} = $3 AND {table.position} = $4"  # noqa: S608 - as above
    await connection.execute(core.sql(free), SCHEDULED, now, owner, first[0])
    tidings.plan(owner, now)
