"""Marks and their COMMIT go in one packet: all of it is done, or nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from asked import Asked
from writing import Shop, Write, Written, ended, plain, until

from tense import App, Contract, Service, Transaction
from tense.adapters.stores.postgres.address import read_address
from tense.adapters.stores.postgres.all_or_none import ALL_DONE, ALL_MOVED, NOT_ALL
from tense.adapters.stores.postgres.schema import FIRST, SECOND, THIRD, in_schema
from tense.adapters.stores.postgres.session import Session, connect

pytestmark = pytest.mark.server("postgres")

TABLES = "CREATE TABLE kept (n bigint, t text, b bytea); CREATE TABLE one (a float8, b text, c bytea)"
KEEP = "INSERT INTO kept SELECT n, t, b FROM unnest($1::bigint[], $2::text[], $3::bytea[]) AS g(n, t, b)"
ONE = "INSERT INTO one VALUES ($1, $2, $3)"
BROKEN = "SELECT 1 WHERE 1 / $1::int = 0"

NUMBERS = [0, -1, 2**63 - 1, -(2**63), None, 1, 2]
TEXTS = ["", "NULL", 'a"b\\c', "{,}", None, "ü \n\t", "$1 'x'; --"]
BYTES = [b"", b"\x00\xff", b'"\\', b"NULL", None, b"{}", b"x" * 3000]


@pytest.fixture
def store(postgres: str) -> str:
    Asked(postgres).run(f"SET search_path = {Asked(postgres).schema}; {TABLES}")
    return postgres


@pytest.fixture
async def session(store: str) -> AsyncIterator[Session]:
    found = await connect(read_address(store), {}, within=10, patience=10)
    yield found
    await found.close()


async def test_values_arrive_as_they_were_given(session: Session) -> None:
    moment = 1_763_754_123.456_789_1
    await session.say("BEGIN")
    await session.commit([(KEEP, (NUMBERS, TEXTS, BYTES)), (ONE, (moment, None, b"\\x")), (ONE, (-0.0, "", b""))])

    kept = await session.fetch("SELECT * FROM kept ORDER BY array_position($1::text[], t)", TEXTS)
    assert [tuple(row) for row in kept] == list(zip(NUMBERS, TEXTS, BYTES, strict=True))
    one = await session.fetch("SELECT * FROM one ORDER BY a DESC")
    assert [tuple(row) for row in one] == [(moment, None, b"\\x"), (-0.0, "", b"")]
    assert not session.within_transaction


async def test_what_was_to_be_said_before_is_said_before(session: Session) -> None:
    session.ahead("BEGIN")
    session.ahead("CREATE TEMPORARY TABLE mine (a int) ON COMMIT PRESERVE ROWS")
    await session.commit([(ONE, (1.0, "a", b""))])

    assert await session.fetch("SELECT a FROM mine") == []
    assert await session.fetchval("SELECT count(*) FROM one") == 1


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_statement_that_fails_leaves_nothing_of_all(session: Session, place: int) -> None:
    marks: list[tuple[str, tuple[Any, ...]]] = [(ONE, (1.0, "a", b"")), (ONE, (2.0, "b", b""))]
    marks.insert(place, (BROKEN, (0,)))
    for _ in range(2):
        await session.say("BEGIN")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await session.commit(marks)
        assert (session.failed, session.within_transaction) == (True, True)
        await session.say("ROLLBACK")

    assert await session.fetchval("SELECT count(*) FROM one") == 0
    await session.say("BEGIN")
    await session.commit([(ONE, (3.0, "c", b"")), (BROKEN, (1,))])
    assert await session.fetch("SELECT a FROM one") == [(3.0,)]


@pytest.mark.parametrize("marks", [[], [(ONE, (1.0, "a", b""))]], ids=["no marks", "a mark"])
async def test_an_undone_transaction_is_not_taken_for_a_committed_one(
    session: Session, marks: list[tuple[str, tuple[Any, ...]]]
) -> None:
    await session.say("BEGIN")
    with pytest.raises(asyncpg.UndefinedTableError):
        await session.say("INSERT INTO nothing_of_this_name VALUES (1)")

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await session.commit(marks)


async def test_statements_that_somebody_deallocated_are_prepared_anew(session: Session) -> None:
    marks = [(ONE, (1.0, "a", b""))]
    await session.say("BEGIN")
    await session.commit(marks)
    await session.execute("DEALLOCATE ALL")
    await session.say("BEGIN")
    with pytest.raises(asyncpg.InvalidSQLStatementNameError):
        await session.commit(marks)
    await session.say("ROLLBACK")

    await session.say("BEGIN")
    await session.commit(marks)
    assert await session.fetchval("SELECT count(*) FROM one") == 2


@pytest.mark.parametrize("turns", [1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
async def test_one_that_is_interrupted_leaves_the_connection_as_good_as_before(session: Session, turns: int) -> None:
    await session.say("BEGIN; INSERT INTO one VALUES (1, 'a', '')")
    committing = asyncio.ensure_future(session.commit([]))
    for _ in range(turns):
        await asyncio.sleep(0)
    ended = not committing.cancel()
    await asyncio.wait([committing])
    if session.within_transaction:
        await session.say("ROLLBACK")

    found = await session.fetchval("SELECT count(*) FROM one")
    assert (found == 1) if ended else (found in (0, 1))
    await session.say("BEGIN")
    await session.commit([(ONE, (2.0, "b", b""))])
    assert await session.fetchval("SELECT count(*) FROM one") == found + 1


@pytest.mark.parametrize(
    ("wrong", "ended"),
    [(None, 3), ("token", 0), ("lane", 0), ("ended", 0), ("cursor", 0)],
    ids=["all are ours", "an old token", "another lane", "one ended already", "an old token of a subscription"],
)
async def test_marks_are_written_for_all_or_for_none(session: Session, wrong: str | None, ended: int) -> None:
    schema = await session.fetchval("SELECT current_schema()")
    for table in (FIRST, SECOND, THIRD):
        await session.execute(in_schema(schema, table))
    await session.execute(
        "INSERT INTO lane (consumer, lane, token) VALUES ('shop', 1, 7), ('shop', 2, 7), ('hearing<shop', 1, 7);"
        "INSERT INTO command (id, service, lane, state, type, headers, body, accepted)"
        " SELECT n, 'shop', 1, 0, 'shop.Do', '', '', 0 FROM generate_series(1, 3) AS n"
    )
    if wrong == "ended":
        await session.execute("UPDATE command SET state = 3 WHERE seq = 2")
    token, lane = (6 if wrong == "token" else 7), (3 if wrong == "lane" else 2)
    marks: list[tuple[str, tuple[Any, ...]]] = [
        (ALL_DONE, ([1, 2, 3], [b"a", b"b", b"c"], ["shop", "shop"], [1, lane], [7, token], 1.5, 2, 3)),
        (ALL_MOVED, (["hearing<shop"], [1], [6 if wrong == "cursor" else 7], [5], [9], 1)),
    ]
    marks = [(in_schema(schema, text), values) for text, values in marks]

    await session.say("BEGIN")
    if wrong is None:
        await session.commit(marks)
    else:
        with pytest.raises(NOT_ALL):
            await session.commit(marks)
        await session.say("ROLLBACK")

    assert await session.fetchval("SELECT count(*) FROM command WHERE ended = 1.5") == ended
    assert await session.fetchval("SELECT pos FROM lane WHERE consumer = 'hearing<shop'") == (9 if ended else 0)


async def steal(one: Shop, consumer: str, table: str, key: str) -> None:
    """Do what a worker does that takes the key's lane. This one is nobody, so the lane is taken back."""
    schema = one.asked.schema
    of_key = f"(SELECT lane FROM {schema}.{table} WHERE key = '{key}' ORDER BY lane LIMIT 1)"
    stolen = await one.ask(
        f"UPDATE {schema}.lane SET token = token + 1, owner = 'thief' "
        f"WHERE consumer = '{consumer}' AND lane = {of_key} RETURNING lane"
    )
    assert len(stolen) == 1


async def test_if_the_lane_of_one_is_taken_nothing_of_all_is_committed(postgres: str) -> None:
    one, stolen = Shop(postgres), list[str]()

    async def stealing(command: Write, db: Transaction) -> None:
        await plain(command, db)
        if command.how == "steal" and command.key not in stolen:
            stolen.append(command.key)
            await steal(one, "shop", "command", command.key)

    one.handle = stealing
    async with one.running() as client:
        for at in range(4):
            commands = [Write(key=f"{at}.{n}", how="steal" if n == 7 else "") for n in range(30)]
            assert await ended(client, *commands) == ["NoneType"] * 30

        assert len(stolen) == 4
        assert await one.ask("SELECT count(*), count(DISTINCT key) FROM written") == [(120, 120)]


async def test_if_the_lane_of_one_subscription_is_taken_no_cursor_is_moved(postgres: str) -> None:
    one, stolen = Shop(postgres), list[str]()
    hearing = Service(Contract("hearing"))

    @hearing.subscribes(Written, from_start=True)
    async def hear(event: Written, db: Transaction) -> None:
        await db.execute("INSERT INTO heard VALUES (:key, :number)", key=event.key, number=event.number)
        if event.number == 7 and event.key not in stolen:
            stolen.append(event.key)
            await steal(one, "hearing<shop.key", "log", event.key)

    async def all_heard(count: int) -> bool:
        return await one.ask("SELECT count(DISTINCT (key, number)) FROM heard") == [(count,)]

    async with one.running() as client:
        await one.ask(f"CREATE TABLE {one.asked.schema}.heard (key text, number int)")
        async with App(hearing).running(store=postgres):
            for at in range(4):
                await ended(client, *(Write(key=f"{at}.{n}", number=n) for n in range(30)))
                await until(lambda count=1 + 30 * (at + 1): all_heard(count))  # type: ignore[misc]  # bound now
        # Another worker begins where the cursors stand: what it hears of these lanes first would be heard twice.
        async with App(hearing).running(store=postgres):
            await ended(client, *(Write(key=key, number=8) for key in stolen))
            await until(lambda: all_heard(125))

    assert len(stolen) == 4
    assert await one.ask("SELECT key, number FROM heard GROUP BY 1, 2 HAVING count(*) > 1") == []
