"""The outbox in the project's own transaction, through every connection and session that SQLAlchemy and SQLite have."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sessions import tables_of_tense
from ways import (
    DRIVERS,
    EVERY,
    KINDS,
    ON_POSTGRES,
    ON_SQLITE,
    SESSIONS,
    WITH_SESSIONS,
    Way,
    awaited,
    end,
    is_awaited,
    plain,
    ways,
)

from tense import App
from tense.adapters.stores.sqlite.wake import folder_for
from tense.errors import DuplicateIdError, NotSupportedError, WorkflowError
from tense.runtime.load import open_store
from words import Notify, OrderPlaced, publisher


@pytest.fixture
async def store(request: pytest.FixtureRequest, sync: str, tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/shop.db" if sync == "pysqlite" else request.getfixturevalue("postgres")
    await tables_of_tense(address)
    return address


@pytest.fixture
def app(store: str) -> App:
    return App(publisher(), store=store)


async def say(app: App, joined: Any, *ids: str) -> None:
    """Through `async with` where the library is awaited."""
    if is_awaited(joined):
        async with app.outbox(joined) as out:
            for each in ids:
                out.publish(OrderPlaced(order_id=each))
    else:
        with app.outbox(joined) as out:
            for each in ids:
                out.publish(OrderPlaced(order_id=each))


async def said(store: str) -> list[str]:
    """The keys of what stands in the log."""
    opened = open_store(store)
    async with App(publisher()).client(store=opened):
        table = "tense_log" if store.startswith("sqlite") else f"{store.rpartition('=')[2]}.log"
        return [row[0] for row in await opened.snapshot().fetch_all(f"SELECT key FROM {table} ORDER BY pos")]


@pytest.mark.parametrize(("way", "sync"), EVERY)
async def test_what_is_rolled_back_was_never_said(way: Way, app: App, store: str) -> None:
    async with way(store) as joined:
        await say(app, joined, "undone")
        await end(joined, "rollback")
    async with way(store) as joined:
        await say(app, joined, "kept", "too")
        await end(joined, "commit")
    async with way(store) as joined:
        await say(app, joined, "forgotten")

    assert await said(store) == ["kept", "too"]


@pytest.mark.parametrize(("way", "sync"), EVERY)
async def test_an_exception_that_leaves_the_block_says_nothing(way: Way, app: App, store: str) -> None:
    async with way(store) as joined:
        outbox = app.outbox(joined)
        with pytest.raises(ZeroDivisionError):
            if is_awaited(joined):
                async with outbox as out:
                    out.publish(OrderPlaced(order_id="undone"))
                    raise ZeroDivisionError
            with outbox as out:
                out.publish(OrderPlaced(order_id="undone"))
                raise ZeroDivisionError
        await say(app, joined, "kept")
        await end(joined, "commit")

    assert await said(store) == ["kept"]


@pytest.mark.parametrize(("way", "sync"), EVERY)
async def test_an_id_that_was_used_with_another_body_is_refused(way: Way, app: App, store: str) -> None:
    async def send(joined: Any, word: str) -> None:
        if is_awaited(joined):
            async with app.outbox(joined) as out:
                out.send(Notify(text=word), id="the-same")
        else:
            with app.outbox(joined) as out:
                out.send(Notify(text=word), id="the-same")

    async with way(store) as joined:
        await send(joined, "a")
        await send(joined, "a")
        with pytest.raises(DuplicateIdError):
            await send(joined, "b")


@pytest.mark.parametrize(
    ("way", "sync"), [each for each in EVERY if "core" in str(each.id) or "session" in str(each.id)]
)
async def test_a_savepoint_that_is_rolled_back_takes_along_what_was_said_within_it(
    way: Way, app: App, store: str
) -> None:
    async with way(store) as joined:
        await say(app, joined, "outer")
        for name in ("undone", "kept"):
            nested = joined.begin_nested()
            nested = await nested if is_awaited(joined) else nested
            await say(app, joined, name)
            ending = nested.commit() if name == "kept" else nested.rollback()
            if is_awaited(joined):
                await ending
        await end(joined, "commit")

    assert await said(store) == ["outer", "kept"]


@pytest.mark.parametrize(("way", "sync"), WITH_SESSIONS)
async def test_a_part_of_a_session_that_is_rolled_back_within_the_block_takes_its_words_along(
    way: Way, app: App, store: str
) -> None:
    def part(out: Any, name: str) -> None:
        out.publish(OrderPlaced(order_id=name))
        if name.startswith("undone"):
            raise ZeroDivisionError

    async with way(store) as joined:
        if is_awaited(joined):
            async with app.outbox(joined) as out:
                for name in ("undone", "kept"):
                    with suppress(ZeroDivisionError):
                        async with joined.begin_nested():
                            part(out, name)
                async with joined.begin_nested() as outer:
                    async with joined.begin_nested():
                        part(out, "within")
                    await outer.rollback()
        else:
            with app.outbox(joined) as out:
                for name in ("undone", "kept"):
                    with suppress(ZeroDivisionError), joined.begin_nested():
                        part(out, name)
                with joined.begin_nested() as outer:
                    with joined.begin_nested():
                        part(out, "within")
                    outer.rollback()
        await end(joined, "commit")

    assert await said(store) == ["kept"]


@pytest.mark.parametrize(("way", "sync"), ways(KINDS, *ON_SQLITE) + ways(KINDS, *ON_POSTGRES))
async def test_a_connection_that_commits_by_itself_is_refused(way: Way, app: App, store: str) -> None:
    async with way(store) as joined:
        own = joined.connection if hasattr(joined, "add") else None
        options = {"execution_options": {"isolation_level": "AUTOCOMMIT"}}
        if own is not None:
            _ = await own(**options) if is_awaited(joined) else own(**options)
        elif is_awaited(joined):
            await joined.execution_options(isolation_level="AUTOCOMMIT")
        else:
            joined.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(WorkflowError, match="joins an open transaction"):
            await say(app, joined, "never")

    assert await said(store) == []


@pytest.mark.parametrize(("way", "sync"), DRIVERS)
async def test_a_driver_that_commits_by_itself_is_refused_until_it_has_begun(way: Way, app: App, store: str) -> None:
    file = store.removeprefix("sqlite:///")
    async with aiosqlite.connect(file, isolation_level=None) if way is awaited else way(store) as joined:
        if way is plain:
            joined.isolation_level = None
        with pytest.raises(WorkflowError, match="BEGIN IMMEDIATE"):
            await say(app, joined, "never")
        begun = joined.execute("BEGIN IMMEDIATE")
        _ = await begun if is_awaited(joined) else begun
        await say(app, joined, "kept")
        await end(joined, "commit")

    assert await said(store) == ["kept"]


@pytest.mark.parametrize(("way", "sync"), [each for each in EVERY if "a" in str(each.id)[:1]])
async def test_what_is_awaited_wants_async_with(way: Way, app: App, store: str) -> None:
    async with way(store) as joined:
        with pytest.raises(NotSupportedError, match="async with"), app.outbox(joined) as out:
            out.publish(OrderPlaced(order_id="never"))


@pytest.mark.parametrize(("way", "sync"), ways(SESSIONS, *ON_SQLITE))
async def test_workers_are_told_after_the_commit_of_a_session_and_not_before(way: Way, app: App, store: str) -> None:
    folder = folder_for(Path(store.removeprefix("sqlite:///")))
    folder.mkdir(mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        worker.bind(str(folder / "worker.sock"))
        worker.setblocking(False)
        async with way(store) as joined:
            await say(app, joined, "a")
            nested = joined.begin_nested()
            nested = await nested if is_awaited(joined) else nested
            kept = nested.commit()
            if is_awaited(joined):
                await kept
            with pytest.raises(BlockingIOError):
                worker.recv(1)
            await end(joined, "commit")
            assert worker.recv(1) == b""
    (folder / "worker.sock").unlink()
