"""Judge: what must be so when a run is over, by kind of message. Each finding begins with the property's name."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from tense.messages.envelope import is_subscription, service_of
from tense.testing.simulation.disk import Disk
from tense.testing.simulation.journal import Journal

Rows = Callable[..., list[Any]]
"""Asks the database; nothing where a table does not exist."""

Check = Callable[[Rows], Iterable[str]]
"""What an app says must be so of its own rows: gives what is not."""

MOST_POISONED = 20
"""More starts than any policy of the simulated apps has."""

ENDED = "settlement IN ('Done', 'Buried')"

QUERIES = (
    (
        "once",
        "ended more than once",
        (
            "SELECT consumer, type, id, count(*) FROM simulated_ledger WHERE settlement = 'Done' "
            "GROUP BY consumer, id HAVING count(*) > 1"
        ),
    ),
    (
        "each-subscription",
        "an event that a subscription never handled",
        (
            "SELECT c.name, l.type, l.id FROM tense_log AS l JOIN tense_consumer AS c ON c.channel = l.channel AND "  # noqa: S608 - as above
            "c.kind = 'subscription' AND EXISTS (SELECT 1 FROM tense_subscribed AS t WHERE t.consumer = c.name AND "
            "t.type = l.type) LEFT JOIN simulated_ledger AS s ON "
            f"s.consumer = c.name AND s.id = l.id AND s.{ENDED} WHERE s.id IS NULL AND NOT EXISTS (SELECT 1 FROM tense_exception "
            "AS e WHERE e.consumer = c.name AND e.pos = l.pos)"
        ),
    ),
    (
        "one-commit",
        "a command with an outcome that no handler's commit left",
        (
            "SELECT c.service, c.type, c.id FROM tense_command AS c LEFT JOIN simulated_ledger AS s ON s.consumer = c.service "  # noqa: S608 - as above
            f"AND s.id = c.id AND s.{ENDED} WHERE c.state IN (3, 4) AND s.id IS NULL"
        ),
    ),
    (
        "one-outcome",
        "an outcome other than the one that was committed with the work",
        (
            "SELECT c.service, c.type, c.id, s.outcome, c.outcome FROM tense_command AS c JOIN simulated_ledger AS s ON "  # noqa: S608 - as above
            f"s.consumer = c.service AND s.id = c.id AND s.{ENDED} AND s.at = (SELECT max(t.at) FROM simulated_ledger AS t WHERE "
            f"t.consumer = s.consumer AND t.id = s.id AND t.{ENDED}) WHERE coalesce(s.outcome, '') <> "
            "coalesce(CAST(c.outcome AS TEXT), '')"
        ),
    ),
)

ORDER = f"""
SELECT consumer, key, position, at, type FROM simulated_ledger
WHERE key IS NOT NULL AND {ENDED} AND coalesce(outcome, '') NOT LIKE '%xpired%' ORDER BY consumer, key, at
"""  # noqa: S608 - a constant


def judge(disk: Disk, journal: Journal, check: Check | None) -> list[str]:
    """Everything that is not as it must be."""
    return [
        *_of_the_store(disk),
        *_order(disk, journal),
        *_accepted(disk, journal),
        *_told(disk, journal),
        *_started(journal),
        *_isolated(disk, journal),
        *_heard(disk),
        *_poisoned(journal),
        *(f"invariant: {text}" for text in (check(disk.rows) if check else ())),
    ]


def _of_the_store(disk: Disk) -> Iterator[str]:
    for name, what, query in QUERIES:
        for row in disk.rows(query):
            yield f"{name}: {what}: {tuple(row)}"


def _order(disk: Disk, journal: Journal) -> Iterator[str]:
    before: tuple[Any, ...] = (None, None, 0)
    timers = {
        row[0]
        for row in disk.rows(
            "SELECT seq FROM tense_command WHERE id IN (SELECT value FROM json_each(?))",
            msgspec.json.encode(sorted(journal.timers)).decode(),
        )
    }
    for consumer, key, position, _, kind in disk.rows(ORDER):
        if not is_subscription(consumer) and position in timers:
            continue
        if before[:2] == (consumer, key) and position < before[2]:
            yield f"order: {consumer} handled {kind} of {key!r} at {position} after {before[2]}"
        before = (consumer, key, position)


def _accepted(disk: Disk, journal: Journal) -> Iterator[str]:
    known = {row[0] for row in disk.rows("SELECT id FROM tense_command UNION ALL SELECT id FROM tense_log")}
    for message_id, kind in journal.accepted.items():
        if message_id not in known:
            yield f"nothing-lost: the {kind} {message_id} was accepted and is not there"


def _told(disk: Disk, journal: Journal) -> Iterator[str]:
    outcomes = dict(disk.rows("SELECT id, CAST(outcome AS TEXT) FROM tense_command"))
    for message_id, told in journal.told.items():
        if message_id not in journal.redriven and told != {outcomes.get(message_id)}:
            yield f"told: of {message_id} was said {sorted(told)}, and recorded {outcomes.get(message_id)}"


def _started(journal: Journal) -> Iterator[str]:
    for start in journal.starts:
        if start.kind == "command" and start.deadline is not None and start.at >= start.deadline:
            yield f"expired: {start.id} was started {start.at - start.deadline:.3f} s after its deadline"


def _isolated(disk: Disk, journal: Journal) -> Iterator[str]:
    troubled = {(start.service, start.id) for start in journal.starts if start.ended != "returned"}
    lines = disk.rows(
        "SELECT DISTINCT consumer, id, type, settlement FROM simulated_ledger "
        "WHERE kind = 'event' AND settlement IN ('Again', 'Buried')"
    )
    for consumer, message_id, kind, settlement in lines:
        if (service_of(consumer), message_id) not in troubled:
            yield f"isolation: {consumer} has {kind} {message_id} {settlement}, and nothing of it ever failed there"


def _poisoned(journal: Journal) -> Iterator[str]:
    if journal.poisoned > MOST_POISONED:
        yield f"poison: {journal.poison} killed {journal.poisoned} workers and was not given up"


def _heard(disk: Disk) -> Iterator[str]:
    rows = disk.rows("SELECT id, type, CAST(headers AS TEXT), state FROM tense_command")
    headers = {row[0]: msgspec.json.decode(row[2]) for row in rows}
    answered = {header.get("causationid") for header in headers.values() if header.get("kind") == "outcome"}
    for message_id, kind, _, state in rows:
        header = headers[message_id]
        if header.get("replyto") and header.get("kind") == "command" and state in (3, 4) and message_id not in answered:
            yield f"heard: {kind} {message_id} ended and its sender was not told"
