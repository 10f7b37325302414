"""Company: which handlers share a transaction, and which have one for themselves."""

import re
from collections.abc import Sequence
from functools import lru_cache
from math import inf
from typing import Any, TypeAlias

import asyncpg

from tense.adapters.stores.postgres.batch import First
from tense.adapters.stores.postgres.commit import Committing
from tense.adapters.stores.postgres.core import SHARED_CONNECTIONS, Core
from tense.adapters.stores.postgres.group import Group
from tense.adapters.stores.postgres.pool import FULL
from tense.adapters.stores.postgres.session import Session
from tense.ports.delivery import Delivery

AT_MOST = 8
"""Times the usual that one turn counts for, so that a hiccup is none of the handler's manners."""

WEIGHT = 1 / 32
"""Of the last turn in the average."""

ALONE_FIRST, ALONE_MOST = 1.0, 60.0
"""Seconds for which a kind of message runs alone after it kept others waiting: twice as long each time."""

GOOD = 1000
"""Turns after which it is forgiven."""

SURE = 16
"""Messages of a kind that said the same single insert, one after the other, before the next says it in a batch."""

READS = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|SELECT\b.*?\bFROM)\b", re.IGNORECASE | re.DOTALL)
LASTS = re.compile(r"\b(?:set_config|pg_\w*advisory\w*|pg_sleep\w*|NOWAIT)\b", re.IGNORECASE)

Turn: TypeAlias = Group | First
"""Where a unit ends what it began: in the transaction itself, or in a batch within it."""


class Manner:
    """How long the turns of one kind of message take, and whether they say all the same."""

    __slots__ = ("alike", "alone_until", "average", "good", "known", "only", "pause")

    def __init__(self) -> None:
        self.known = False
        self.average = 0.0
        self.alone_until = 0.0
        self.pause = ALONE_FIRST
        self.good = 0
        self.only: str | None = None
        self.alike = 0

    def said(self, only: str | None) -> None:
        """All that one of them said is this insert of one row; None if it said anything else."""
        self.alike = self.alike + 1 if only is not None and only == self.only else 0
        self.only = only

    def first(self, words: str, values: Sequence[Any] | None) -> First | None:
        """What comes first, if it is known to be all that there is."""
        return First(words, values) if values is not None and words == self.only and self.alike >= SURE else None

    def took(self, seconds: float, saved: float, now: float) -> None:
        """A turn in company is over. A turn that takes longer than the commit that it saves is faster by itself."""
        self.average += (min(seconds, AT_MOST * saved) - self.average) * WEIGHT
        self.good += 1
        if self.average > saved:
            self.keep_apart(now)
        elif self.good > GOOD:
            self.pause = ALONE_FIRST

    def keep_apart(self, now: float) -> None:
        """Let it run alone for a while."""
        self.alone_until = max(self.alone_until, now + self.pause)
        self.pause = min(ALONE_MOST, 2 * self.pause)
        self.average, self.good = 0.0, 0


class Company:
    """Finds a transaction for each unit of work.

    A kind of message shares one once it was seen to be short. What failed before, or was undone together with others,
    has one for itself; so has what leaves something behind in its session: settings, locks, tables.
    """

    def __init__(self, core: Core, committing: Committing) -> None:
        self._core = core
        self._committing = committing
        committing.undone = self.part
        self._groups = [Group(core, committing) for _ in range(SHARED_CONNECTIONS)]
        self._none_until = 0.0
        self._manners: dict[tuple[str, str], Manner] = {}
        self._apart: dict[tuple[str, str], None] = {}

    async def join(self, delivery: Delivery, words: str, values: Sequence[Any] | None = None) -> tuple[Turn, Session]:
        """A transaction in which it is this delivery's turn. `words` is the statement that comes first.

        If the turn is a `First` the statement is already said, together with others, and added its row.
        """
        manner = self._manner(delivery)
        if self._may_share(delivery, words, manner):
            group = self._least_loaded()
            first = manner.first(words, values)
            try:
                session = None if group.stuck else await group.turn(first)
            except asyncpg.TooManyConnectionsError:
                session, self._none_until = None, self._core.around.clock.elapsed() + FULL
            if session is not None:
                if first is not None and first.refused:
                    manner.said(None)
                return (group if first is None or first.batch is None else first), session
        group = Group(self._core, self._committing, 1)
        session = await group.turn()
        assert session is not None
        return group, session

    def took(self, delivery: Delivery, turn: Turn, only: str | None = None) -> None:
        """The delivery's turn is over now; `only` is the insert of one row that was all it said, if so."""
        manner = self._manner(delivery)
        manner.known = True
        manner.said(only)
        if turn.shared and self._committing.usual:
            manner.took(turn.held_for, self._committing.usual, self._core.around.clock.elapsed())

    def part(self, delivery: Delivery) -> None:
        """It was undone together with others: next time it has a transaction for itself."""
        self._apart[delivery.consumer, delivery.metadata.id] = None
        if len(self._apart) > 20_000:  # noqa: PLR2004 - a few megabytes
            for old in list(self._apart)[:10_000]:
                del self._apart[old]

    def keep_apart(self, delivery: Delivery, *, for_good: bool = False) -> None:
        """This kind of message is in the way of others."""
        manner = self._manner(delivery)
        manner.keep_apart(self._core.around.clock.elapsed())
        if for_good:
            manner.alone_until = inf

    def _least_loaded(self) -> Group:
        best, least = self._groups[0], inf
        for group in self._groups:
            if not group.stuck and (load := group.load) < least:
                best, least = group, load
        return best

    def _may_share(self, delivery: Delivery, words: str, manner: Manner) -> bool:
        if not self._core.sharing or delivery.origin != "backlog" or delivery.alone:
            return False
        if delivery.attempt > 1 or (self._apart and (delivery.consumer, delivery.metadata.id) in self._apart):
            return False
        if not is_plain(words):
            manner.alone_until = inf
        return manner.known and self._core.around.clock.elapsed() >= max(manner.alone_until, self._none_until)

    def _manner(self, delivery: Delivery) -> Manner:
        kind = (delivery.consumer, delivery.metadata.type)
        manner = self._manners.get(kind)
        if manner is None:
            manner = self._manners[kind] = Manner()
        return manner


@lru_cache(maxsize=1024)
def is_plain(words: str) -> bool:
    """Whether a statement only reads and writes rows: nothing of it lasts until the transaction ends but those."""
    return READS.match(words) is not None and LASTS.search(words) is None
