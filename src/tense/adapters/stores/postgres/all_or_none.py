"""The marks of many plain endings, in statements that go in one packet with their COMMIT: all are written, or none."""

from collections.abc import Sequence
from typing import TypeAlias

import asyncpg

from tense.adapters.stores.postgres.settling import MOVE, Ending, marked, places
from tense.adapters.stores.postgres.wire import Value

ALL_DONE = """
WITH fence AS (
    SELECT 1 FROM tense.lane AS l
    WHERE (l.consumer, l.lane, l.token) IN (SELECT * FROM unnest($3::text[], $4::int[], $5::bigint[]))
    ORDER BY l.consumer, l.lane FOR SHARE
), done AS (
    UPDATE tense.command AS c SET state = 3, outcome = g.outcome, ended = $6
    FROM unnest($1::bigint[], $2::bytea[]) AS g(seq, outcome)
    WHERE c.seq = g.seq AND c.state IN (0, 1, 2) AND (SELECT count(*) FROM fence) = $7 RETURNING 1
)
SELECT 1 WHERE 1 / (SELECT count(*) = $8 FROM done)::int = 0
"""
"""As DONE. If a lane belongs to another worker now, or somebody else ended one, it divides by zero; it returns no row."""

ALL_MOVED = f"""
WITH moved AS ({MOVE})
SELECT 1 WHERE 1 / (SELECT count(*) = $6 FROM moved)::int = 0
"""  # noqa: S608 - a constant
"""As MOVE, likewise."""

NOT_ALL = asyncpg.DivisionByZeroError
"""What is raised if one of them may not be written."""

Mark: TypeAlias = tuple[str, tuple[Value, ...]]
"""A statement, and its parameters."""


def marks_of(endings: Sequence[Ending], now: float) -> list[Mark]:
    """The statements for plain endings."""
    commands, events = marked(endings)
    marks: list[Mark] = []
    if commands:
        held = sorted({(*ending.lane, ending.lease.token) for ending in commands})
        through = [ending.delivery.position for ending in commands], [ending.outcome for ending in commands]
        marks.append((ALL_DONE, (*through, *zip(*held, strict=True), now, len(held), len(commands))))
    if events:
        far = places(events)
        marks.append((ALL_MOVED, (*zip(*far, strict=True), len(far))))
    return marks
