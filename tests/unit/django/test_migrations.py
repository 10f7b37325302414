"""Tense's tables are part of Django's history, and are the same whoever made them."""

import asyncio
import io
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.exceptions import IrreversibleError
from django.test import override_settings
from django_site import databases, described, forget

import tense.django.migrations
from tense import App
from tense.adapters.stores.postgres import schema as postgres_schema
from tense.adapters.stores.sqlite import schema as sqlite_schema
from tense.django.tables import BringTables
from tense.errors import NotSupportedError
from words import PlaceOrder, publisher

SQLITE = "SELECT name, tbl_name, trim(sql, ' ' || char(10)) FROM sqlite_master WHERE name LIKE 'tense_%' ORDER BY name"

POSTGRES = (
    """
    SELECT table_name, column_name, data_type, is_nullable, column_default, identity_generation
    FROM information_schema.columns WHERE table_schema = current_schema() AND table_name NOT LIKE '%\\_%%'
    ORDER BY table_name, ordinal_position
    """,
    """
    SELECT replace(indexdef, current_schema(), 'tense') FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename NOT LIKE '%\\_%%' ORDER BY 1
    """,
    """
    SELECT relname, reloptions FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname NOT LIKE '%\\_%%' ORDER BY 1
    """,
)
"""Ours have no underscore in their names, and Django's have one."""


def migrate(store: str) -> None:
    with override_settings(TENSE_SCHEMA=schema_of(store)):
        call_command("migrate", verbosity=0)


def schema_of(store: str) -> str:
    return parse_qs(urlsplit(store).query).get("schema", ["tense"])[0]


def tables() -> Sequence[object]:
    with connection.cursor() as cursor:
        seen = []
        for query in [SQLITE] if connection.vendor == "sqlite" else POSTGRES:
            cursor.execute(query)
            seen.append(cursor.fetchall())
        return seen


async def use(store: str) -> str:
    async with App(publisher(), store=store).running() as client:
        return (await client.execute(PlaceOrder(order_id="a"))).order_id


def drop(store: str) -> None:
    """Everything, so that the next one finds nothing."""
    forget()
    if store.startswith("sqlite"):
        Path(urlsplit(store).path[1:]).unlink()
        return
    with connection.cursor() as cursor:
        name = schema_of(store)
        cursor.execute(f"DROP SCHEMA {name} CASCADE; CREATE SCHEMA {name}")


@pytest.fixture
def store(store: str) -> str:
    """Where Django's own tables have a place as well."""
    if store.startswith("postgres"):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {schema_of(store)}")
    return store


def test_django_makes_the_tables_that_a_worker_makes(store: str) -> None:
    asyncio.run(use(store))
    by_worker = tables()
    assert all(by_worker)
    drop(store)

    migrate(store)

    assert tables() == by_worker
    assert asyncio.run(use(store)) == "a"
    assert tables() == by_worker


def test_what_a_worker_made_before_stays_as_it_is(store: str) -> None:
    asyncio.run(use(store))

    migrate(store)

    table = "tense_command" if connection.vendor == "sqlite" else "command"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == (1,)


def test_each_version_of_the_schema_has_its_migration() -> None:
    names = sorted(path.stem for path in Path(tense.django.migrations.__path__[0]).glob("[0-9]*.py"))
    steps = [
        operation
        for name in names
        for operation in import_module(f"tense.django.migrations.{name}").Migration.operations
        if isinstance(operation, BringTables)
    ]

    for versions, last in (
        ([step.sqlite for step in steps], sqlite_schema.VERSION),
        ([step.postgresql for step in steps], postgres_schema.VERSION),
    ):
        assert versions[0][0] == 0
        assert [begin for begin, _ in versions[1:]] == [until for _, until in versions[:-1]]
        assert versions[-1][1] == last, "a newer schema needs a migration: see tense/django/migrations"


def test_the_models_and_their_migrations_say_the_same(store: str) -> None:
    call_command("makemigrations", "tense", check_changes=True, dry_run=True, verbosity=0)


def test_there_is_no_way_back(store: str) -> None:
    migrate(store)

    with pytest.raises(IrreversibleError), override_settings(TENSE_SCHEMA=schema_of(store)):
        call_command("migrate", "tense", "zero", verbosity=0)


def test_the_statements_can_be_read_before(store: str) -> None:
    printed = io.StringIO()

    with override_settings(TENSE_SCHEMA=schema_of(store)):
        call_command("sqlmigrate", "tense", "0001", stdout=printed)

    name = "tense_dead" if store.startswith("sqlite") else f"{schema_of(store)}.dead"
    assert f"CREATE TABLE {name} (" in printed.getvalue()


def test_only_the_database_that_the_settings_name_gets_them(tmp_path: Path) -> None:
    here, there = (described(f"sqlite:///{tmp_path}/{name}.db") for name in ("here", "there"))

    with databases(default=here, messages=there), override_settings(TENSE_DATABASE="messages"):
        for alias in ("default", "messages"):
            call_command("migrate", "tense", database=alias, verbosity=0)
        found = [connections[alias].introspection.table_names() for alias in ("default", "messages")]

    assert "tense_dead" not in found[0]
    assert "tense_dead" in found[1]


def test_a_database_of_another_kind_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases(default=described(f"sqlite:///{tmp_path}/shop.db")):
        monkeypatch.setattr(type(connections["default"]), "vendor", "mysql")

        with pytest.raises(NotSupportedError, match="TENSE_DATABASE"), connection.schema_editor() as editor:
            BringTables(sqlite=(0, 1), postgresql=(0, 1)).database_forwards("tense", editor, None, None)
