"""A handler does not end its transaction by a statement: others may share it."""

from types import SimpleNamespace
from typing import Any

import pytest

from tense import App, Command, CommandFailed, Contract, Retry, Service, Transaction
from tense.adapters.stores.postgres.translate import numbered
from tense.django.plain import DjangoTransaction
from tense.errors import WorkflowError
from tense.ports.transaction import refuse_ending
from tense.sqlalchemy.unit import SqlAlchemyTransaction

shop = Contract("shop")

ENDING = [
    "COMMIT",
    "commit and chain",
    "  END",
    "ABORT",
    "ROLLBACK",
    "rollback work",
    "-- now\nROLLBACK;",
    "/* so\n*/ ;COMMIT;",
    "PREPARE  TRANSACTION 'a'",
]
OTHERS = [
    "ROLLBACK TO part",
    "rollback  work to savepoint part",
    "ROLLBACK TRANSACTION TO part",
    "SAVEPOINT commit",
    "RELEASE SAVEPOINT rollback",
    "INSERT INTO commits VALUES ('COMMIT')",
    "SELECT 1 AS commit",
    "ENDPOINTS",
    "PREPARE plan AS SELECT 1",
]
TOGETHER = ["INSERT INTO a VALUES (1); COMMIT", "SELECT 'x'; -- y\n ROLLBACK", "SELECT $$;$$; END;"]
HARMLESS = ["SELECT '; COMMIT'", "DO $$ BEGIN PERFORM 1; END $$", 'SELECT "; ROLLBACK"', "SELECT 1; -- COMMIT"]


@pytest.mark.parametrize("statement", ENDING)
def test_words_that_end_the_transaction_are_refused(statement: str) -> None:
    with pytest.raises(WorkflowError, match="would end the transaction"):
        refuse_ending(statement)


@pytest.mark.parametrize("statement", OTHERS)
def test_other_words_are_not(statement: str) -> None:
    refuse_ending(statement)


@pytest.mark.parametrize("statement", [*ENDING, *TOGETHER])
def test_on_postgresql_they_are_found_among_several(statement: str) -> None:
    with pytest.raises(WorkflowError):
        numbered(statement)


@pytest.mark.parametrize("statement", [*OTHERS, *HARMLESS])
def test_on_postgresql_texts_and_bodies_are_passed_by(statement: str) -> None:
    assert numbered(statement)[0] == statement


@pytest.mark.parametrize("made", [SqlAlchemyTransaction, DjangoTransaction])
async def test_transactions_of_a_project_refuse_them_before_they_say_anything(made: Any) -> None:
    db = made(SimpleNamespace(execute=None, begin=None))
    for say in (db.execute, db.fetch_all, db.fetch_one, db.fetch_value):
        with pytest.raises(WorkflowError):
            await say("COMMIT")
    with pytest.raises(WorkflowError):
        await db.execute_many("ROLLBACK", [{}])


class Pay(Command[None], owner=shop):
    word: str = ""


@pytest.mark.parametrize("word", ["COMMIT", "ROLLBACK", "END"])
@pytest.mark.parametrize("store", ["memory://", "sqlite:///{}/paid.db"], ids=["memory", "sqlite"])
async def test_a_handler_that_says_them_fails_and_nobody_else(store: str, word: str, tmp_path: object) -> None:
    service = Service(shop)

    @service.handles(Pay, retry=Retry(attempts=1))
    async def pay(command: Pay, db: Transaction) -> None:
        await db.execute("CREATE TABLE IF NOT EXISTS paid (word text)")
        await db.execute("INSERT INTO paid VALUES (:word)", word=command.word)
        if command.word:
            await db.execute(command.word)

    async with App(service).running(store=store.format(tmp_path)) as client:
        await client.execute(Pay())
        tickets = [await client.send(Pay(word=word if n == 5 else "")) for n in range(10)]
        found = []
        for ticket in tickets:
            try:
                found.append(await ticket.result(timeout=20))
            except CommandFailed as error:
                found.append(str(error))

    assert [n for n, one in enumerate(found) if one is not None] == [5]
    assert "would end the transaction" in str(found[5])
