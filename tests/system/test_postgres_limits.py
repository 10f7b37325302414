"""What a server does to sessions: limits, clashes, refusals. Each is a wait, a retry or a clear error, never a loss."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from asked import Asked

from tense import App, Command, Contract, Retry, Service, Transaction
from tense.errors import StoreUnusableError

pytestmark = pytest.mark.server("postgres")

bank = Contract("bank")
QUICK = Retry(attempts=200)


class Pay(Command, owner=bank):
    amount: int = 1


Work = Callable[[Pay, Transaction], Awaitable[None]]

TABLES = "CREATE TABLE account (total int NOT NULL); INSERT INTO account VALUES (0); CREATE TABLE paid (amount int)"
BOOK = "INSERT INTO paid VALUES (:amount)"


def paying(work: Work, *, lease: float = 15.0) -> App:
    service = Service(bank)

    @service.handles(Pay, retry=QUICK)
    async def pay(command: Pay, db: Transaction) -> None:
        await work(command, db)

    return App(service, lease=lease)


async def test_a_handler_that_idles_in_its_transaction_is_ended_by_the_server_and_runs_again(postgres: str) -> None:
    asked, tries = Asked(postgres), list[int]()
    await asyncio.to_thread(asked.run, TABLES)

    async def work(command: Pay, db: Transaction) -> None:
        await db.execute(BOOK, amount=command.amount)
        tries.append(command.amount)
        if len(tries) == 1:
            await asyncio.sleep(3.0)
            await db.execute(BOOK, amount=command.amount)

    async with paying(work, lease=1.0).running(store=postgres) as client:
        await client.execute(Pay(amount=7), timeout=30)

    assert len(tries) == 2
    assert await asyncio.to_thread(asked.rows, "SELECT amount FROM paid") == [(7,)]


async def test_a_statement_over_its_limit_fails_its_handler_alone(postgres: str) -> None:
    asked, tries = Asked(postgres), list[int]()
    await asyncio.to_thread(asked.run, TABLES)

    async def work(command: Pay, db: Transaction) -> None:
        await db.execute(BOOK, amount=command.amount)
        tries.append(command.amount)
        if command.amount == 7 and tries.count(7) == 1:
            await db.execute("SELECT pg_sleep(5)")

    async with paying(work).running(store=f"{postgres}&statement_timeout=500") as client:
        await asyncio.gather(client.execute(Pay(amount=7), timeout=30), client.execute(Pay(amount=8), timeout=30))

    assert sorted(tries) == [7, 7, 8]
    assert sorted(await asyncio.to_thread(asked.rows, "SELECT amount FROM paid")) == [(7,), (8,)]


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
async def test_clashing_handlers_are_tried_again_until_each_counted_once(postgres: str, isolation: str) -> None:
    asked = Asked(postgres)
    await asyncio.to_thread(asked.run, TABLES)

    async def work(command: Pay, db: Transaction) -> None:
        total = await db.fetch_value("SELECT total FROM account")
        await asyncio.sleep(0)
        await db.execute("UPDATE account SET total = :total", total=total + command.amount)

    strict = f"{postgres}&default_transaction_isolation={isolation.replace(' ', '%20')}"
    async with paying(work).running(store=strict) as client:
        await asyncio.gather(*(client.execute(Pay(), timeout=60) for _ in range(30)))

    assert await asyncio.to_thread(asked.rows, "SELECT total FROM account") == [(30,)]


async def test_handlers_that_lock_each_other_out_are_tried_again(postgres: str) -> None:
    asked, both = Asked(postgres), asyncio.Barrier(2)
    await asyncio.to_thread(asked.run, f"{TABLES}; INSERT INTO paid VALUES (1), (2)")
    met: set[int] = set()

    async def work(command: Pay, db: Transaction) -> None:
        mine, others = command.amount, 3 - command.amount
        await db.execute("UPDATE paid SET amount = amount WHERE amount = :mine", mine=mine)
        if mine not in met:
            met.add(mine)
            await asyncio.wait_for(both.wait(), 10)
        await db.execute("UPDATE paid SET amount = amount WHERE amount = :others", others=others)
        await db.execute("UPDATE account SET total = total + 1")

    async with paying(work).running(store=postgres) as client:
        await asyncio.gather(*(client.execute(Pay(amount=n), timeout=60) for n in (1, 2)))

    assert await asyncio.to_thread(asked.rows, "SELECT total FROM account") == [(2,)]


async def test_a_database_that_only_reads_is_refused_when_it_is_opened(postgres: str) -> None:
    async def work(command: Pay, db: Transaction) -> None:
        del command, db

    app = paying(work)
    async with app.client(store=postgres):
        pass

    with pytest.raises(StoreUnusableError, match=r"read-only.*[Nn]ame the primary"):
        async with app.client(store=f"{postgres}&default_transaction_read_only=on"):
            pass


async def test_a_role_with_few_connections_works_slowly_and_completely(postgres: str) -> None:
    asked = Asked(postgres)
    role = f"{asked.schema}_few"
    await asyncio.to_thread(
        asked.run, f"{TABLES}; CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} NOSUPERUSER CONNECTION LIMIT 5"
    )
    grants = (
        f"GRANT ALL ON SCHEMA {asked.schema} TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA {asked.schema} TO {role}; "
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {asked.schema} TO {role}"
    )

    async def work(command: Pay, db: Transaction) -> None:
        await db.execute(BOOK, amount=command.amount)
        await asyncio.sleep(0.01)

    app = paying(work)
    try:
        async with app.client(store=postgres):
            pass
        await asyncio.to_thread(asked.run, grants)
        async with app.running(store=postgres.replace("//postgres@", f"//{role}@")) as client:
            tickets = await asyncio.gather(*(client.send(Pay(amount=n)) for n in range(60)))
            await asyncio.gather(*(ticket.result(timeout=60) for ticket in tickets))
    finally:
        await asyncio.to_thread(asked.run, f"DROP OWNED BY {role}; DROP ROLE {role}")

    assert sorted(await asyncio.to_thread(asked.rows, "SELECT amount FROM paid")) == [(n,) for n in range(60)]


async def test_what_was_not_started_is_put_back_by_one_statement_however_much_it_is(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tense.adapters.stores.postgres.exceptional import PUT_BACK
    from tense.adapters.stores.postgres.session import Session

    service, began, over = Service(bank, concurrency=1), asyncio.Event(), asyncio.Event()
    said, paid = list[str](), list[int]()
    execute = Session.execute

    async def noted(self: Session, query: str, *values: object, **more: object) -> str:
        said.append(" ".join(query.split()))
        return str(await execute(self, query, *values, **more))

    @service.handles(Pay)
    async def pay(command: Pay) -> None:
        began.set()
        await over.wait()
        paid.append(command.amount)

    monkeypatch.setattr(Session, "execute", noted)
    async with App(service).running(store=postgres) as client:
        await asyncio.gather(*(client.send(Pay(amount=n)) for n in range(200)))
        await began.wait()
        over.set()
    async with App(service).running(store=postgres), asyncio.timeout(30):
        while len(paid) < 200:
            await asyncio.sleep(0.01)

    words = " ".join(PUT_BACK.partition(" SET ")[2].split())
    assert 1 <= sum(words in query for query in said) <= 3
    assert sorted(paid) == list(range(200))
