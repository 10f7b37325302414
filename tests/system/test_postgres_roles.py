"""One role makes the tables by the command line, another one only works: with the rights that the documentation names."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from asked import Asked
from command_line import tense

from tense import App
from tense.adapters.stores.postgres.schema import BEGIN, VERSION, in_schema, steps
from words import Log, OrderPlaced, PlaceOrder, publisher, subscriber

pytestmark = pytest.mark.server("postgres")


@dataclass(frozen=True)
class Roles:
    """A schema of a test's own, as three roles name it; none but the last may do everything."""

    schema: str
    maker: str
    worker: str
    owner: str

    def grant(self) -> None:
        """What docs/explanation/postgres.md says that a role needs, given by the role that made the tables."""
        role, schema = f"{self.schema}_worker", self.schema
        Asked(self.maker).run(
            f"GRANT USAGE ON SCHEMA {schema} TO {role};"
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};"
            f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}"
        )

    def version(self) -> int:
        """What stands in the schema."""
        return int(Asked(self.owner).rows("SELECT value FROM meta WHERE name = 'version'")[0][0])


@pytest.fixture
def roles(postgres: str) -> Iterator[Roles]:
    asked = Asked(postgres)
    maker, worker = f"{asked.schema}_maker", f"{asked.schema}_worker"
    database = asked.rows("SELECT current_database()")[0][0]
    asyncio.run(_run(asked, f"CREATE ROLE {maker} LOGIN; CREATE ROLE {worker} LOGIN"))
    try:
        asyncio.run(_run(asked, f"GRANT CREATE ON DATABASE {database} TO {maker}"))
        addresses = [postgres.replace("//postgres@", f"//{role}@") for role in (maker, worker)]
        yield Roles(asked.schema, *addresses, postgres)
    finally:
        asyncio.run(_run(asked, f"DROP OWNED BY {maker}, {worker} CASCADE; DROP ROLE {maker}; DROP ROLE {worker}"))


async def _run(asked: Asked, script: str) -> None:
    connection = await asked.connect()
    try:
        await connection.execute(script)
    finally:
        await connection.close()


def migrated(store: str, folder: Path, *words: str) -> tuple[int, str, str]:
    ran = tense(folder, "db", "migrate", "--store", store, *words)
    return ran.returncode, ran.stdout, ran.stderr


async def work(store: str) -> None:
    """Send, handle, publish and subscribe, with an outcome read back."""
    log = Log()
    async with App(publisher(), subscriber("email", log)).running(store=store) as client:
        assert (await client.execute(PlaceOrder(order_id="a"), timeout=30)).order_id == "a"
        ticket = await client.send(PlaceOrder(order_id="b"))
        assert (await ticket.result(timeout=30)).order_id == "b"
        await client.publish(OrderPlaced(order_id="c"))
        async with asyncio.timeout(60):
            while len(log) < 3:
                await asyncio.sleep(0.01)

    assert set(log) == {"a.0", "b.0", "c.0"}


def test_one_role_makes_the_tables_and_another_works_on_them(roles: Roles, tmp_path: Path) -> None:
    status, out, err = migrated(roles.maker, tmp_path)

    assert (status, err) == (0, "")
    assert "the schema is that of this Tense" in out
    roles.grant()
    asyncio.run(work(roles.worker))
    assert Asked(roles.owner).rows("SELECT rolsuper FROM pg_roles WHERE rolname LIKE current_schema() || '%'") == [
        (False,),
        (False,),
    ]
    # There is nothing left to do for whoever may do nothing.
    assert migrated(roles.worker, tmp_path)[0] == 0
    assert tense(tmp_path, "doctor", "--store", roles.worker).returncode == 0


def test_a_role_that_may_not_is_told_who_has_to_make_the_tables(roles: Roles, tmp_path: Path) -> None:
    status, out, err = migrated(roles.worker, tmp_path)

    assert (status, out) == (2, "")
    assert f"the schema {roles.schema!r} is at version 0, this Tense needs {VERSION}, and this role may not" in err
    assert "Run `tense db migrate` with a role that may." in err
    assert "Traceback" not in err
    assert not Asked(roles.owner).rows(f"SELECT 1 FROM pg_namespace WHERE nspname = '{roles.schema}'")


def test_a_role_that_may_not_is_told_who_has_to_bring_older_tables_on(roles: Roles, tmp_path: Path) -> None:
    Asked(roles.maker).run(in_schema(roles.schema, BEGIN) + steps(roles.schema, 0, 1))
    roles.grant()

    status, out, err = migrated(roles.worker, tmp_path)

    assert (status, out) == (2, "")
    assert f"the schema {roles.schema!r} is at version 1, this Tense needs {VERSION}, and this role may not" in err
    assert roles.version() == 1
    assert migrated(roles.maker, tmp_path)[0] == 0
    assert roles.version() == VERSION


def test_the_printed_statements_make_tables_on_which_an_app_works_as_it_is(roles: Roles, tmp_path: Path) -> None:
    status, script, err = migrated(roles.worker, tmp_path, "--sql")
    assert (status, err) == (0, "")
    assert not Asked(roles.owner).rows(f"SELECT 1 FROM pg_namespace WHERE nspname = '{roles.schema}'")

    asyncio.run(_run(Asked(roles.maker), script))
    roles.grant()

    # This role could not have made anything that is missing.
    asyncio.run(work(roles.worker))
    assert roles.version() == VERSION
