"""One word moves the shop: the same services on a PostgreSQL store."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from asked import Asked

pytestmark = pytest.mark.server("postgres")

ROOT = Path(__file__).resolve().parents[2]

HANDLED = (
    "SELECT (SELECT count(*) FROM parcels), (SELECT sum(orders) FROM sales WHERE sku = 'tea'), "
    "(SELECT sum(orders) FROM points), (SELECT count(*) FROM mails WHERE subject LIKE 'Thank%')"
)


async def test_the_shop_runs_on_postgres(postgres: str) -> None:
    from examples.shop.app import app
    from examples.shop.orders.contract import OutOfStock
    from examples.shop.story.ordinary import open_the_shop, order

    asked = await Asked(postgres).connect()
    try:
        async with app.running(store=postgres) as client:
            await open_the_shop(client)
            receipt = await client.execute(order("1001", tea=2, cup=1))
            answer = await client.outcome(order("1002", "grace", samovar=2))
            await asyncio.gather(*(client.execute(order(f"many-{n}", f"customer-{n % 5}")) for n in range(30)))
            async with asyncio.timeout(20):
                while tuple(await asked.fetchrow(HANDLED)) != (31, 31, 31, 31):
                    await asyncio.sleep(0.05)

        assert receipt.total_cents == 1600
        assert isinstance(answer, OutOfStock)
        assert await asked.fetchval("SELECT count FROM shelf WHERE sku = 'tea'") == 5000 - 2 - 30
        assert await asked.fetchval("SELECT count(*) FROM dead") == 0
    finally:
        await asked.close()


def demo(store: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "examples.shop.demo", "--store", store]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def test_the_demo_tells_the_same_story_on_postgres_and_leaves_nothing_behind(postgres_server: str) -> None:
    asked = Asked(f"{postgres_server}?schema=none")
    shops = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'shop\\_%'"
    before = asked.rows(shops)
    told = demo("postgres")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "27 claims, all of them so" in told.stdout
    assert set(asked.rows(shops)) <= set(before)


def test_the_demo_says_how_to_start_a_server_where_none_answers() -> None:
    told = demo("postgresql://nobody@127.0.0.1:1/none")

    assert told.returncode == 2
    assert "`scripts/servers up postgres`" in told.stderr


def test_the_shop_runs_on_postgres_from_the_command_line_until_it_is_told_to_stop(postgres: str) -> None:
    command = [sys.executable, "-m", "tense", "run", "examples.shop.app:app", "--store", postgres]
    asked = Asked(postgres)
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 60
        living = f"SELECT count(*) FROM {asked.schema}.lane WHERE owner IS NOT NULL"
        while not asked.holds(living):
            assert running.poll() is None
            assert time.monotonic() < end
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=30)[0].decode()
    finally:
        running.kill()

    assert running.returncode == 0, said
    assert not asked.holds(living)
