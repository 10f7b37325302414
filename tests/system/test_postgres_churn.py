"""Messages come and go; the tables do not grow for ever. `TENSE_CHURN=2000000` for the long run, which prints its figures."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

import pytest
from asked import Asked
from own_postgres import OwnPostgres, own_postgres

from tense import App, Command, Contract, Event, Publish, Service

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

TOTAL = int(os.environ.get("TENSE_CHURN", "20000"))
PARTS = 10
AT_ONCE = 1_000

mill = Contract("mill")


class Grind(Command, owner=mill, key="sack"):
    sack: int


class Ground(Event, owner=mill, key="sack"):
    sack: int


SIZES = """
SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'own' AND c.relkind = 'r'
"""

DIRTY = "SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables WHERE schemaname = 'own'"


@pytest.fixture
def server() -> Iterator[OwnPostgres]:
    with own_postgres("autovacuum_naptime=1s") as server:
        yield server


async def test_tables_level_off_however_many_messages_pass_through(server: OwnPostgres) -> None:
    from tense.adapters.stores.postgres.retention import Retention, prune
    from tense.adapters.stores.postgres.store import PostgresStore

    ground, baked = [0], [0]
    grinding, baking = Service(mill, concurrency=64), Service(Contract("baker"))

    @grinding.handles(Grind)
    async def grind(command: Grind, publish: Publish[Ground]) -> None:
        ground[0] += 1
        publish(Ground(sack=command.sack))

    @baking.subscribes(Ground)
    async def bake(event: Ground) -> None:
        baked[0] += 1

    nothing = Retention(outcomes=timedelta(0), events=timedelta(0))
    store, asked = PostgresStore(server.store(), retention=nothing), Asked(server.store())
    sizes: list[int] = []
    async with App(grinding, baking).running(store=store) as client:
        for part in range(1, PARTS + 1):
            while ground[0] < TOTAL * part // PARTS:
                count = min(AT_ONCE, TOTAL * part // PARTS - ground[0])
                tickets = await asyncio.gather(*(client.send(Grind(sack=n)) for n in range(count)))
                await asyncio.gather(*(ticket.result(timeout=120) for ticket in tickets))
                if ground[0] % 20_000 == 0:
                    await prune(store.core, nothing, store.core.around.clock.now() + 1)
            async with asyncio.timeout(300):
                while baked[0] < ground[0]:
                    await asyncio.sleep(0.05)
                await store.settled()
                await prune(store.core, nothing, store.core.around.clock.now() + 1)
                while (await asyncio.to_thread(asked.rows, DIRTY))[0][0] > TOTAL // PARTS // 5:
                    await asyncio.sleep(0.2)
            by_table = dict(await asyncio.to_thread(asked.rows, SIZES))
            sizes.append(sum(by_table.values()))
            print(f"{ground[0]:>10,} through, {sizes[-1] / 1e6:6.1f} MB: {largest(by_table)}")

    assert ground == baked == [TOTAL]
    assert level(sizes), sizes


def largest(by_table: dict[str, int]) -> str:
    return ", ".join(f"{name} {size / 1e6:.1f}" for name, size in sorted(by_table.items(), key=lambda x: -x[1])[:3])


def level(sizes: Sequence[int]) -> bool:
    """A vacuum that comes late makes one size stand out; tables that grow with what passed make all of them greater."""
    return median(sizes[PARTS // 2 :]) <= 1.5 * median(sizes[1 : PARTS // 2])


def test_growth_is_seen_and_one_late_vacuum_is_none() -> None:
    assert level([3, 2, 3, 3, 3, 3, 3, 5, 3, 3])
    assert not level(range(1, 11))
