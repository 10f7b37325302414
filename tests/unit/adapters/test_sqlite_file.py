"""A file that cannot be used says so in plain words, and nothing is lost."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tense import App
from tense.adapters.stores.sqlite.retention import BATCH, Retention, prune
from tense.errors import OwnerConflictError, StoreBusyError, StoreFullError, StoreUnusableError
from tense.runtime.load import schema_script
from tense.testing.harness import harness
from words import Log, OrderPlaced, PlaceOrder, placing, publisher, subscriber


def app() -> App:
    return App(placing(Log()))


async def refusal(path: Path) -> str:
    with pytest.raises(StoreUnusableError) as caught:
        async with app().running(store=f"sqlite:///{path}"):
            pass
    return str(caught.value)


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)

    said = await refusal(path)

    assert "is not a SQLite database" in said
    assert path.read_text() == "Dear reader, " * 100


async def test_tables_that_were_made_by_hand_are_those_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema_script(f"sqlite:///{path}"))

    async with app().running(store=f"sqlite:///{path}") as client:
        receipt = await client.execute(PlaceOrder(order_id="a"))

    assert receipt.order_id == "a"


async def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "does not exist" in await refusal(tmp_path / "nowhere" / "shop.db")


async def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    assert "is not a file" in await refusal(tmp_path)


async def test_a_newer_schema_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    async with app().running(store=f"sqlite:///{path}"):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE tense_meta SET value = '99' WHERE name = 'schema'")
    connection.close()

    assert "made by a newer Tense (schema 99" in await refusal(path)


async def test_a_folder_that_nobody_can_write_is_named() -> None:
    assert "permissions" in await refusal(Path("/proc/shop.db"))


async def test_a_full_disk_refuses_what_is_new_keeps_what_was_accepted_and_recovers(tmp_path: Path) -> None:
    log = Log()
    async with harness(App(placing(log)), store=f"sqlite:///{tmp_path}/shop.db") as h:
        await h.client.send(PlaceOrder(order_id="before"))
        await h.idle()
        connection = h.engine.store.core.connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        refused = 0
        for number in range(50):
            try:
                await h.client.send(PlaceOrder(order_id="x" * 1000, number=number))
            except StoreFullError as error:
                refused += 1
                assert "disk is full" in str(error)
        accepted = 50 - refused
        connection.execute("PRAGMA max_page_count = 1000000")
        await h.client.send(PlaceOrder(order_id="after"))
        for _ in range(10):
            await h.later(2)

        assert refused > 0
        assert log.count("before.0") == 1
        assert log.count("after.0") == 1
        assert len({entry for entry in log if entry.startswith("xxx")}) == accepted


async def test_a_locked_file_says_who_waits_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    async with app().running(store=f"sqlite:///{path}") as client:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        sending = asyncio.ensure_future(client.send(PlaceOrder(order_id="a")))
        await asyncio.sleep(0.2)
        waiting = not sending.done()
        other.execute("COMMIT")
        other.close()

        assert waiting
        assert (await (await sending).result()).order_id == "a"


async def test_a_lock_that_is_never_given_back_is_an_error_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tense.adapters.stores.sqlite.transactions.PATIENCE", 0.2)
    path = tmp_path / "shop.db"
    async with app().running(store=f"sqlite:///{path}") as client:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreBusyError, match="locked by another process"):
            await client.send(PlaceOrder(order_id="a"))

        other.execute("COMMIT")
        other.close()
        assert (await (await client.send(PlaceOrder(order_id="b"))).result()).order_id == "b"


async def test_what_is_accepted_and_done_commits_with_synchronous_full(tmp_path: Path) -> None:
    async with harness(app(), store=f"sqlite:///{tmp_path}/shop.db") as h:
        await h.idle()
        connection = h.engine.store.core.connection
        mode = {0: "OFF", 1: "NORMAL", 2: "FULL"}[connection.execute("PRAGMA synchronous").fetchone()[0]]
        seen: list[str] = []
        connection.set_trace_callback(seen.append)
        await h.client.execute(PlaceOrder(order_id="a"))
        connection.set_trace_callback(None)

        modes: dict[str, str] = {}
        for statement in seen:
            if "PRAGMA synchronous" in statement:
                mode = statement.split("=")[1].strip()
            if "INSERT INTO tense_command" in statement:
                modes["accepted"] = mode
            if "SET state = 3" in statement:
                modes["done"] = mode
        assert modes == {"accepted": "FULL", "done": "FULL"}
        assert (await h.engine.store.describe())["synchronous"] == "FULL"


async def test_a_second_code_base_that_claims_a_command_is_refused(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/shop.db"
    other = app()
    handler = other.registry.commands["orders.PlaceOrder"]
    handler.function.__module__ = "legacy.orders"

    async with app().running(store=store):
        with pytest.raises(OwnerConflictError, match="legacy"):
            async with other.running(store=store):
                pass


async def test_more_instances_of_one_code_base_share_the_lanes(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/shop.db"
    log = Log()
    first, second = App(placing(log)), App(placing(log))
    async with first.running(store=store) as client, second.running(store=store):
        engine_lanes = lambda: (
            sqlite3.connect(tmp_path / "shop.db")
            .execute("SELECT owner, count(*) FROM tense_lane GROUP BY owner ORDER BY 2")
            .fetchall()
        )
        for _ in range(300):
            if [count for _, count in engine_lanes()] == [32, 32]:
                break
            await asyncio.sleep(0.02)
        await asyncio.gather(*(client.execute(PlaceOrder(order_id=str(n))) for n in range(100)))

        assert [count for _, count in engine_lanes()] == [32, 32]
        assert sorted(log) == sorted(f"{n}.0" for n in range(100))


async def test_what_ended_long_ago_is_forgotten_and_what_is_needed_is_kept(tmp_path: Path) -> None:
    from datetime import timedelta

    heard = Log()
    heard.failing = {"b.0"}
    async with harness(App(publisher(), subscriber("email", heard)), store=f"sqlite:///{tmp_path}/shop.db") as h:
        for key in "ab":
            await h.client.execute(PlaceOrder(order_id=key))
        await h.client.publish(OrderPlaced(order_id="c"))
        await h.idle()
        connection = h.engine.store.core.connection
        retention = Retention(outcomes=timedelta(days=1), events=timedelta(days=1))

        early = prune(connection, retention, h.clock.now() + 3600)
        late = prune(connection, retention, h.clock.now() + 100_000)

        kept = connection.execute("SELECT key FROM tense_log").fetchall()
        assert early == 0
        assert late == 3, "the newest command stays: its number must not be given again"
        assert kept == [("b",)], "an event that is still retried is kept"


async def test_what_came_in_a_minute_is_forgotten_in_a_minute(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with harness(app(), store=f"sqlite:///{path}") as h:
        old = h.clock.now() - 8 * 86_400
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = [("orders", str(number), old) for number in range(4 * BATCH)]
            connection.executemany("INSERT INTO tense_mark VALUES (?, ?, 0, x'7b7d', ?)", rows)

        await h.later(61)
        for _ in range(6):
            await h.later(1)

        left = h.engine.store.core.connection.execute("SELECT count(*) FROM tense_mark").fetchone()[0]
        assert left == 0


async def test_a_store_that_is_closed_says_so(tmp_path: Path) -> None:
    async with app().running(store=f"sqlite:///{tmp_path}/shop.db") as client:
        pass

    with pytest.raises(Exception, match=r"not open|closed"):
        await client.send(PlaceOrder(order_id="late"))
