"""What the settlements leave that are not plain: retried, held back, dead, put back. The lane's row is locked."""

from collections.abc import Sequence

from tense.adapters.stores.postgres.core import Core, encode
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.positions import unpacked
from tense.adapters.stores.postgres.schema import DEAD, HELD, OPEN, SCHEDULED
from tense.adapters.stores.postgres.strands import go_on
from tense.adapters.stores.postgres.tidings import Tidings
from tense.errors import LeaseLostError
from tense.messages.envelope import is_subscription
from tense.messages.settlement import LANE, Again, Buried, Done, Held, Released, Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.instances import attempts_after

PUT_EXCEPTION = """
INSERT INTO tense.exception AS e (consumer, pos, xid, lane, state, strand, attempts, due, error, released)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (consumer, pos) DO UPDATE SET state = excluded.state, strand = coalesce(e.strand, excluded.strand),
    attempts = excluded.attempts, due = excluded.due, error = excluded.error, claimed = 0,
    released = e.released + excluded.released
"""

BURY = """
INSERT INTO tense.dead (consumer, kind, id, type, key, lane, pos, strand, reason, error, traceback, attempts, accepted,
                        died, redriven, headers, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""

MOVE_ONE = """
UPDATE tense.lane SET xid = greatest(xid, $4), pos = CASE WHEN (xid, pos) < ($4, $5) THEN $5 ELSE pos END
WHERE consumer = $1 AND lane = $2 AND token = $3 RETURNING consumer, lane
"""
"""What is settled a second time takes no mark back."""

END_EXCEPTION = "DELETE FROM tense.exception WHERE consumer = $1 AND pos = $2 RETURNING pos"

AGAIN_COMMAND = """
UPDATE tense.command SET state = $2, due = $3, error = $4, strand = coalesce(strand, $5),
    attempts = $6, failed = $6, released = released + $7, claimed = 0
WHERE seq = $1 AND state IN (0, 1, 2) RETURNING seq
"""

HOLD_COMMAND = """
UPDATE tense.command SET state = $2, strand = $3, attempts = attempts - 1, claimed = 0
WHERE seq = $1 AND state IN (0, 1, 2) RETURNING seq
"""

PUT_BACK = """
UPDATE tense.command AS c SET state = g.state, attempts = greatest(0, c.attempts - 1), claimed = 0
FROM unnest($1::bigint[], $2::smallint[]) AS g(seq, state) WHERE c.seq = g.seq AND c.state IN (0, 1)
"""

END_COMMAND = """
UPDATE tense.command SET state = $2, outcome = $3, ended = $4, error = $5, strand = coalesce(strand, $6),
    failed = attempts, claimed = 0
WHERE seq = $1 AND state IN (0, 1, 2) RETURNING accepted
"""


async def settle_slowly(
    connection: Connection, core: Core, tidings: Tidings, held: tuple[Delivery, Lease], settlement: Settlement
) -> None:
    """Write what a settlement leaves, whatever it is.

    Raises:
        LeaseLostError: somebody else ended this command meanwhile.
    """
    delivery, lease = held
    if is_subscription(delivery.consumer):
        await _settle_event(connection, core, tidings, delivery, settlement)
        if delivery.origin == "backlog" and not isinstance(settlement, Released):
            xid, pos = unpacked(delivery.position)
            await connection.execute(core.sql(MOVE_ONE), *(delivery.consumer, delivery.lane, lease.token, xid, pos))
    else:
        await _settle_command(connection, core, tidings, delivery, settlement)


async def put_back(connection: Connection, core: Core, released: Sequence[Delivery]) -> None:
    """Commands that were not started are as if they had never been handed out."""
    rows = sorted((delivery.position, OPEN if delivery.origin == "backlog" else SCHEDULED) for delivery in released)
    await connection.execute(core.sql(PUT_BACK), [seq for seq, _ in rows], [state for _, state in rows])


async def _settle_command(
    connection: Connection, core: Core, tidings: Tidings, delivery: Delivery, settlement: Settlement
) -> None:
    seq = delivery.position
    if isinstance(settlement, (Done, Buried)):
        await _end_command(connection, core, tidings, delivery, settlement)
    elif isinstance(settlement, Again):
        values = (seq, SCHEDULED, settlement.due, text_of(settlement.error), settlement.strand)
        counts = attempts_after(delivery, settlement)
        _only_once(delivery, await connection.fetchval(core.sql(AGAIN_COMMAND), *values, *counts))
        tidings.plan(delivery.consumer, settlement.due)
    elif isinstance(settlement, Held):
        row = await connection.fetchval(core.sql(HOLD_COMMAND), seq, HELD, settlement.strand)
        _only_once(delivery, row)
        await go_on(connection, core, tidings, (delivery.consumer, delivery.lane), settlement.strand)
    else:
        await put_back(connection, core, [delivery])


async def _end_command(
    connection: Connection, core: Core, tidings: Tidings, delivery: Delivery, settlement: Done | Buried
) -> None:
    now, buried = core.around.clock.now(), isinstance(settlement, Buried)
    outcome = None if settlement.outcome is None else encode(settlement.outcome)
    error = text_of(settlement.error) if isinstance(settlement, Buried) else None
    strand = settlement.strand if isinstance(settlement, Buried) else None
    # Ended by hand while dead, or by its sender: then this ending is late.
    row = await connection.fetchrow(
        core.sql(END_COMMAND), delivery.position, DEAD if buried else 3, outcome, now, error, strand
    )
    _only_once(delivery, row)
    assert row is not None
    if settlement.outcome is not None:
        tidings.told.append((delivery.metadata.id, settlement.outcome))
    if isinstance(settlement, Buried):
        await _bury(connection, core, delivery, settlement, (row[0], now))
    elif delivery.origin == "exception":
        await _go_on_behind(connection, core, tidings, delivery)


def _only_once(delivery: Delivery, row: object) -> None:
    if row is None:
        text = f"{delivery.metadata.type} {delivery.metadata.id} was ended by somebody else meanwhile"
        raise LeaseLostError(text)


async def _settle_event(
    connection: Connection, core: Core, tidings: Tidings, delivery: Delivery, settlement: Settlement
) -> None:
    xid, pos = unpacked(delivery.position)
    place = (delivery.consumer, pos)
    head = (*place, xid, delivery.lane)
    if isinstance(settlement, Done):
        gone = await connection.fetchval(core.sql(END_EXCEPTION), *place)
        if delivery.origin == "exception":
            _only_once(delivery, gone)
            await _go_on_behind(connection, core, tidings, delivery)
    elif isinstance(settlement, Again):
        attempts, released = attempts_after(delivery, settlement)
        values = (SCHEDULED, settlement.strand, attempts, settlement.due, text_of(settlement.error), released)
        await connection.execute(core.sql(PUT_EXCEPTION), *head, *values)
        tidings.plan(delivery.consumer, settlement.due)
    elif isinstance(settlement, Held):
        await connection.execute(core.sql(PUT_EXCEPTION), *head, HELD, settlement.strand, 0, 0.0, None, 0)
        await go_on(connection, core, tidings, (delivery.consumer, delivery.lane), settlement.strand)
    elif isinstance(settlement, Buried):
        values = (DEAD, settlement.strand, delivery.attempt, 0.0, text_of(settlement.error), 0)
        await connection.execute(core.sql(PUT_EXCEPTION), *head, *values)
        accepted = await connection.fetchval(core.sql("SELECT accepted FROM tense.log WHERE pos = $1"), pos)
        await _bury(connection, core, delivery, settlement, (accepted or 0.0, core.around.clock.now()))
    elif delivery.origin == "exception":
        await connection.execute(
            core.sql(
                "UPDATE tense.exception SET attempts = greatest(0, attempts - 1), claimed = 0 "
                "WHERE consumer = $1 AND pos = $2"
            ),
            *place,
        )


async def _bury(
    connection: Connection, core: Core, delivery: Delivery, buried: Buried, times: tuple[float, float]
) -> None:
    metadata = delivery.metadata
    pos = unpacked(delivery.position)[1]
    await connection.execute(
        core.sql(BURY),
        *(delivery.consumer, metadata.kind, metadata.id, metadata.type, metadata.partitionkey, delivery.lane, pos),
        *(buried.strand, buried.reason, text_of(buried.error), text_of(buried.traceback), delivery.attempt),
        *(*times, delivery.redriven, encode(metadata), delivery.body),
    )


async def _go_on_behind(connection: Connection, core: Core, tidings: Tidings, delivery: Delivery) -> None:
    """What was held back behind a delivery that is through now goes on: behind its key, and behind its lane."""
    key = delivery.metadata.partitionkey
    for strand in (LANE,) if key is None else (key, LANE):
        await go_on(connection, core, tidings, (delivery.consumer, delivery.lane), strand)


def text_of(text: str) -> str:
    """Text as PostgreSQL takes it: it knows no zero byte, and no half of a surrogate pair."""
    return text.replace("\x00", "\\x00").encode(errors="backslashreplace").decode()
