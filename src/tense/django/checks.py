"""What `manage.py check` says of settings with which Tense does not work, or not as one thinks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core import checks
from django.db import connections

from tense.adapters.stores.postgres.address import read_address
from tense.django.conf import alias, is_given, schema, target_of_app, tense_app, vendor
from tense.errors import TenseError


@checks.register("tense")
def check_settings(app_configs: object, **about: object) -> list[checks.CheckMessage]:
    """All of them."""
    del app_configs, about
    kind, described = vendor(), connections.settings[alias()]
    kinds = {"sqlite": sqlite_faults, "postgresql": postgres_faults}
    found = [*kinds[kind](described)] if kind in kinds else [unsuitable()]
    if not described["AUTOCOMMIT"]:
        text = f"DATABASES[{alias()!r}] has AUTOCOMMIT off: Django opens transactions and nobody ends them."
        hint = "Remove AUTOCOMMIT and write transaction.atomic() where rows and messages must commit together."
        found.append(checks.Warning(text, hint=hint, id="tense.W005"))
    return [*found, *app_faults(described)]


def unsuitable() -> checks.CheckMessage:
    """For databases that Tense has no tables in."""
    text = f"The database {alias()!r} is {vendor()}: app.outbox(connection) cannot join its transactions."
    hint = "Let TENSE_DATABASE name a database on PostgreSQL or SQLite; what is said commits with that one's rows."
    return checks.Warning(text, hint=hint, id="tense.W001")


def sqlite_faults(described: dict[str, Any]) -> Iterator[checks.CheckMessage]:
    """What makes a file that workers write to fail, lose or wait."""
    options = described["OPTIONS"]
    where = f"DATABASES[{alias()!r}]"
    if str(options.get("transaction_mode", "")).upper() != "IMMEDIATE":
        text = (
            f"{where} begins its transactions without a lock: one that reads and then writes fails with 'database is locked' "
            "while a worker writes."
        )
        hint = 'Set "OPTIONS": {"transaction_mode": "IMMEDIATE"}.'
        yield checks.Warning(text, hint=hint, id="tense.W002")
    if any(word in str(options.get("init_command", "")).upper().replace(" ", "") for word in WEAK):
        text = f"{where} does not wait for the disk: a power cut takes back what was committed, messages included."
        hint = "Remove PRAGMA synchronous from init_command: SQLite's default is FULL."
        yield checks.Warning(text, hint=hint, id="tense.W003")
    if described["ATOMIC_REQUESTS"]:
        text = (
            f"{where} has ATOMIC_REQUESTS: each request keeps the file's one lock to its end, and workers wait for it."
        )
        hint = "Remove it, and write transaction.atomic() around what must commit together; or move to PostgreSQL."
        yield checks.Warning(text, hint=hint, id="tense.W004")


WEAK = ("SYNCHRONOUS=NORMAL", "SYNCHRONOUS=OFF", "SYNCHRONOUS=1", "SYNCHRONOUS=0")


def postgres_faults(described: dict[str, Any]) -> Iterator[checks.CheckMessage]:
    """The driver that Tense does not join."""
    del described
    from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415 - only there is a driver

    if not is_psycopg3:
        text = f"The database {alias()!r} is reached through psycopg2: app.outbox(connection) joins psycopg 3."
        hint = "pip install 'psycopg[binary]'; Django prefers it where it is installed."
        yield checks.Warning(text, hint=hint, id="tense.W001")


def app_faults(described: dict[str, Any]) -> Sequence[checks.CheckMessage]:
    """An app that cannot be had, or whose workers read from elsewhere."""
    if not target_of_app():
        return ()
    try:
        store = tense_app().store
    except TenseError as error:
        return (checks.Error(f"TENSE_APP = {target_of_app()!r}: {error}", id="tense.E001"),)
    if not isinstance(store, str) or is_given(store) or is_same(store, described):
        return ()
    text = (
        f"{target_of_app()} has another store than the database {alias()!r}: nobody reads what app.outbox(connection) "
        "writes there."
    )
    hint = (
        "Write App(..., store=store_address()), from tense.django.conf; or let TENSE_DATABASE and TENSE_SCHEMA name it."
    )
    return (checks.Warning(text, hint=hint, id="tense.W006"),)


def is_same(store: str, described: dict[str, Any]) -> bool:
    """Whether a store's address leads to a database of Django's; a database of tests is taken for the one it stands for."""
    parts, name = urlsplit(store), str(described["NAME"])
    if vendor() == "sqlite":
        in_memory = ":memory:" in name or "mode=memory" in name
        return in_memory or (
            parts.scheme == "sqlite" and Path(unquote(parts.path)[1:]).resolve() == Path(name).resolve()
        )
    if not parts.scheme.startswith("postgres"):
        return False
    return unquote(parts.path)[1:] == name.removeprefix("test_") and read_address(store).schema == schema()
