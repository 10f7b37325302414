"""Taking messages in: many in one statement. The same statements serve a user's own transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.gather import Entry, Gather
from tense.adapters.stores.postgres.inserts import INSERT_COMMANDS, INSERT_EVENTS, KNOWN, command_row, event_row, rounds
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import CLASHED, DRIVER, GONE, translated
from tense.errors import DuplicateIdError, RefusedWriteError, UnencodableError
from tense.messages.envelope import Envelope

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between attempts to take messages in while the server is away. Ids make that safe: nothing comes twice."""


class Intake:
    """Accepts messages in this process."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gather: Gather[Envelope] = Gather(core, "accept", self._flush)

    def accept(self, envelope: Envelope) -> "asyncio.Future[bool]":
        """Take a message in, together with whatever else waits."""
        return self._gather.ask(envelope)

    async def idle(self) -> None:
        """Return when everything asked for is answered."""
        await self._gather.idle()

    async def put(self, connection: Connection, envelopes: Sequence[Envelope], tidings: Tidings) -> None:
        """Write messages in an open transaction.

        Raises:
            DuplicateIdError: an id was accepted before with another body; the transaction must be undone.
            RefusedWriteError: one has content that the database cannot keep; likewise.
        """
        try:
            answers = await self._insert(connection, envelopes, tidings)
        except asyncpg.DataError as error:
            text = f"what the handler said has content that PostgreSQL cannot keep: {error}"
            raise RefusedWriteError(text) from UnencodableError(text)
        for answer in answers:
            if isinstance(answer, DuplicateIdError):
                raise answer

    async def _flush(self, batch: "Sequence[Entry[Envelope]]") -> None:
        envelopes = [envelope for envelope, _ in batch]
        again, clock = False, self._core.around.clock
        until = clock.elapsed() + sum(PAUSES)
        for pause in (*PAUSES, None):
            tidings = Tidings()
            try:
                async with self._core.engine.connection() as connection:
                    answers = await self._insert(connection, envelopes, tidings)
            except DRIVER as error:
                over = pause is None or self._core.closed or clock.elapsed() > until
                if isinstance(error, asyncpg.DataError):
                    await self._one_by_one(batch, error)
                    return
                if over or not isinstance(error, (*GONE, *CLASHED)):
                    raise translated(error, self._core.address.shown) from error
                again = True
                await clock.sleep(pause or 0.0)
                continue
            break
        if again:
            clock.call_later(0.0, lambda: _stir(self._core, envelopes))
        self._core.publish(tidings)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, DuplicateIdError):
                future.set_exception(answer)
            else:
                # What a broken connection left behind was ours: new to whoever asks.
                future.set_result(answer or again)

    async def _one_by_one(self, batch: "Sequence[Entry[Envelope]]", error: asyncpg.DataError) -> None:
        """One of them has content that the database cannot keep: it alone is refused."""
        if len(batch) > 1:
            for entry in batch:
                await self._flush([entry])
            return
        envelope, future = batch[0]
        metadata = envelope.metadata
        text = f"{metadata.type} {metadata.id} has content that PostgreSQL cannot keep: {error}"
        if not future.done():
            future.set_exception(UnencodableError(text))

    async def _insert(
        self, connection: Connection, envelopes: Sequence[Envelope], tidings: Tidings
    ) -> list[bool | DuplicateIdError]:
        """One statement for each table; more where ids that were given by hand would turn a key's order round."""
        new: set[int] = set()
        old: list[int] = []
        for kind in ("command", "event"):
            chosen = [
                i for i, envelope in enumerate(envelopes) if (envelope.metadata.kind == "event") == (kind == "event")
            ]
            if not chosen:
                continue
            statement = self._core.sql(INSERT_EVENTS if kind == "event" else INSERT_COMMANDS)
            for places in rounds([envelopes[i] for i in chosen]):
                rows = [self._row(kind, envelopes[chosen[place]]) for place in places]
                stored = {row[0] for row in await connection.fetch(statement, *zip(*rows, strict=True))}
                for i in (chosen[place] for place in places):
                    message_id = envelopes[i].metadata.id
                    if message_id in stored:
                        stored.discard(message_id)
                        new.add(i)
                    else:
                        old.append(i)
        for i in sorted(new):
            self._note(envelopes[i], tidings)
        answers: list[bool | DuplicateIdError] = [i in new for i in range(len(envelopes))]
        if old:
            await self._compare(connection, envelopes, old, answers)
        return answers

    async def _compare(
        self,
        connection: Connection,
        envelopes: Sequence[Envelope],
        old: Sequence[int],
        answers: list[bool | DuplicateIdError],
    ) -> None:
        known: dict[tuple[bool, str], tuple[str, bytes]] = {}
        for kind, query in KNOWN.items():
            ids = [
                envelopes[i].metadata.id for i in old if (envelopes[i].metadata.kind == "event") == (kind == "event")
            ]
            if ids:
                for row in await connection.fetch(self._core.sql(query), ids):
                    known[kind == "event", row[0]] = (row[1], row[2])
        for i in old:
            metadata = envelopes[i].metadata
            if known.get((metadata.kind == "event", metadata.id)) != (metadata.type, envelopes[i].body):
                answers[i] = DuplicateIdError(metadata.id, metadata.type)

    def _row(self, kind: str, envelope: Envelope) -> tuple[Any, ...]:
        now = self._core.around.clock.now()
        lane = self._core.around.lane_of(envelope)
        return event_row(envelope, lane, now) if kind == "event" else command_row(envelope, lane, now)

    def _note(self, envelope: Envelope, tidings: Tidings) -> None:
        lane = self._core.around.lane_of(envelope)
        self._core.remember_own(envelope.metadata.id)
        if envelope.metadata.kind == "event":
            tidings.logged.add((envelope.channel, lane))
        elif envelope.due > self._core.around.clock.now():
            tidings.plan(envelope.service, envelope.due)
        else:
            tidings.arrivals.add((envelope.service, lane))


def _stir(core: Core, envelopes: Sequence[Envelope]) -> None:
    """Nobody may have been told of what was stored by a connection that broke: look everywhere it can be."""
    for name in {envelope.service for envelope in envelopes} | set(core.consumers):
        core.around.watcher.arrived(name, -1)
