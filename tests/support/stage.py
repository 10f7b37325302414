"""A stage for scripted sessions: instances of the PostgreSQL store whose statements are steps, and somebody who looks on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from asked import Asked
from interleaving import GatedPool, Script, Session, gate, in_order

from tense.errors import LeaseLostError
from tense.ports.records import Consumer
from tense.testing.clock import HandClock
from tense.testing.conformance.bench import INBOX, Bench, subscription

READER = subscription("reader")
EMPTY = (
    "DELETE FROM command; DELETE FROM log; DELETE FROM exception; DELETE FROM dead; DELETE FROM mark; DELETE FROM instance; "
    "UPDATE lane SET owner = NULL, xid = 0, pos = 0"
)


class Stage:
    """Two or three instances on one schema, and somebody who looks on."""

    def __init__(self, store: str, observer: Any) -> None:
        # Nobody polls and nobody hears hints: the clock stands still, and behind a pooler there are none.
        self.address = f"{store}&pooler=transaction"
        self.observer = observer
        self.clock = HandClock()
        self.benches: list[Bench] = []
        self.sessions: list[Session] = []

    async def enter(self, *, takes: bool | Sequence[Consumer]) -> Bench:
        """An instance that takes the lanes of these consumers; of all, or of none."""
        from tense.adapters.stores.postgres.store import PostgresStore

        bench = Bench(PostgresStore(self.address), self.clock, f"bench{len(self.benches)}")
        wanted = takes if not isinstance(takes, bool) else (INBOX, READER) if takes else ()
        await bench.open(*wanted)
        if not takes:
            await bench.store.provision([INBOX, READER])
        self.benches.append(bench)
        return bench

    async def forget(self, bench: Bench) -> None:
        """Its lease has run out, and it does not know."""
        await self.observer.execute("UPDATE instance SET until = 0 WHERE id = $1", bench._name)

    def gated(self, bench: Bench, script: Script) -> tuple[Session, Script]:
        session, core = Session(), bench.store.core  # type: ignore[attr-defined]
        core.engine = GatedPool(core.engine, session)
        gate(core.units, session)
        gate(core.shared, session)
        self.sessions.append(session)
        return session, script

    async def play(self, order: Sequence[int], *scripts: tuple[Session, Script]) -> list[Any]:
        return await in_order(order, scripts, self.observer)

    async def value(self, query: str) -> Any:
        return await self.observer.fetchval(query)


@asynccontextmanager
async def stage(postgres: str, observer: Any) -> AsyncIterator[Stage]:
    made = Stage(postgres, observer)
    try:
        yield made
    finally:
        for bench in made.benches:
            await bench.close()
        await observer.execute(EMPTY)


@asynccontextmanager
async def observing(postgres: str) -> AsyncIterator[Any]:
    """A connection beside all others, where Tense's tables are."""
    from tense.adapters.stores.postgres.store import PostgresStore

    first = await Bench(PostgresStore(postgres), HandClock(), "first").open()
    await first.close()
    connection = await Asked(postgres).connect()
    yield connection
    await connection.close()


def settled(answer: Any) -> bool:
    """Whether a settlement held; refused it may be, and nothing else."""
    assert answer is None or isinstance(answer, LeaseLostError), answer
    return answer is None
