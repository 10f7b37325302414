"""What an outbox costs the session that it joins: round trips while it writes, and nothing that stays behind."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sessions import tables_of_tense
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from ways import KINDS, ON_POSTGRES, ON_SQLITE, SESSIONS, WITH_SESSIONS, Way, end, is_awaited, ways

from tense import App
from words import OrderPlaced, publisher

BLOCKS = 20


@pytest.fixture
async def app(request: pytest.FixtureRequest, sync: str, tmp_path: Path) -> App:
    store = f"sqlite:///{tmp_path}/shop.db" if sync == "pysqlite" else request.getfixturevalue("postgres")
    await tables_of_tense(store)
    return App(publisher(), store=store)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is asked through SQLAlchemy, and beneath it through the drivers as the outbox calls them."""
    found: list[str] = []

    def through(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    def watch(module: str, kind: str, verb: str) -> None:
        cls = getattr(pytest.importorskip(module), kind)
        inner = getattr(cls, verb)

        def beneath(connection: Any, statement: str, *given: Any, **named: Any) -> Any:
            found.append(statement)
            return inner(connection, statement, *given, **named)

        monkeypatch.setattr(cls, verb, beneath)

    for place in (("asyncpg", "Connection", "fetch"), ("psycopg", "Connection", "execute")):
        watch(*place)
    watch("psycopg", "AsyncConnection", "execute")
    event.listen(Engine, "before_cursor_execute", through)
    yield found
    event.remove(Engine, "before_cursor_execute", through)


async def say(app: App, joined: Any, *ids: str, fails: bool = False) -> None:
    def within(out: Any) -> None:
        for each in ids:
            out.publish(OrderPlaced(order_id=each))
        if fails:
            raise ZeroDivisionError

    with suppress(ZeroDivisionError):
        if is_awaited(joined):
            async with app.outbox(joined) as out:
                within(out)
        else:
            with app.outbox(joined) as out:
                within(out)


async def execute(joined: Any, statement: str) -> None:
    done = joined.execute(text(statement))
    if is_awaited(joined):
        await done


@pytest.mark.parametrize(("way", "sync"), ways(KINDS, *ON_POSTGRES))
async def test_in_a_transaction_that_has_begun_an_outbox_is_one_round_trip(
    way: Way, app: App, asked: list[str]
) -> None:
    async with way(str(app.store)) as joined:
        await execute(joined, "SELECT 'begun'")
        asked.clear()
        await say(app, joined, "a", "b")
        added = list(asked)
        await end(joined, "commit")

    assert [statement.partition(" ")[0] for statement in added] == ["WITH"]


@pytest.mark.parametrize(("way", "sync"), ways(KINDS, *ON_POSTGRES) + ways(KINDS, *ON_SQLITE))
async def test_an_outbox_that_said_nothing_asks_nothing(way: Way, app: App, asked: list[str]) -> None:
    async with way(str(app.store)) as joined:
        asked.clear()
        await say(app, joined)
        await say(app, joined, "undone", fails=True)

        assert asked == []


@pytest.mark.parametrize(("way", "sync"), WITH_SESSIONS)
async def test_no_way_out_of_a_block_leaves_a_listener_on_the_session(way: Way, app: App) -> None:
    async with way(str(app.store)) as joined:
        session = getattr(joined, "sync_session", joined)
        before = len(session.dispatch.after_soft_rollback)
        for number in range(BLOCKS):
            await say(app, joined, f"{number}", fails=number % 2 == 0)
        app.outbox(joined)

        assert len(session.dispatch.after_soft_rollback) == before
        await end(joined, "rollback")


@pytest.mark.parametrize(("way", "sync"), ways(SESSIONS, *ON_SQLITE))
async def test_a_block_that_cannot_be_written_leaves_no_listener_either(way: Way, app: App) -> None:
    async with way(str(app.store)) as joined:
        session = getattr(joined, "sync_session", joined)
        await execute(joined, "DROP TABLE tense_log")
        with pytest.raises(Exception, match="no tables of Tense"):
            await say(app, joined, "a")

        assert len(session.dispatch.after_soft_rollback) == 0
        await end(joined, "rollback")
