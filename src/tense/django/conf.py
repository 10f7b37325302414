"""What the project's settings say: TENSE_APP, TENSE_DATABASE, TENSE_SCHEMA."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from tense.adapters.stores.postgres.schema import NAME
from tense.runtime.app import App
from tense.runtime.load import load_app


def tense_app() -> App:
    """The app that `TENSE_APP = "shop.messages:app"` names. It is imported at the first call, when models are there.

    Raises:
        ImproperlyConfigured: the setting is missing.
        AppNotFoundError: it names no app.
    """
    target = target_of_app()
    if not target:
        text = 'the setting TENSE_APP is missing. Name your app: TENSE_APP = "shop.messages:app".'
        raise ImproperlyConfigured(text)
    return load_app(target)


def target_of_app() -> str:
    """TENSE_APP, "" if it is not set."""
    return str(getattr(settings, "TENSE_APP", ""))


def alias() -> str:
    """TENSE_DATABASE: the alias of the database with Tense's tables."""
    return str(getattr(settings, "TENSE_DATABASE", "default"))


def schema() -> str:
    """TENSE_SCHEMA: where Tense's tables are on PostgreSQL; that of the store's address (`?schema=`).

    Raises:
        ImproperlyConfigured: nothing may be called so.
    """
    name = str(getattr(settings, "TENSE_SCHEMA", "tense"))
    if not NAME.fullmatch(name):
        text = f"TENSE_SCHEMA is {name!r}: use small letters, digits and _, at most 48."
        raise ImproperlyConfigured(text)
    return name


def vendor() -> str:
    """What kind of database that is, as Django calls it.

    Raises:
        ImproperlyConfigured: TENSE_DATABASE names none.
    """
    if alias() not in connections.settings:
        text = (
            f"TENSE_DATABASE is {alias()!r}, which DATABASES does not have; it has {', '.join(connections.settings)}."
        )
        raise ImproperlyConfigured(text)
    return str(connections[alias()].vendor)


@cache
def table(name: str) -> str:
    """One of Tense's tables, as Django's models name it: the same for a process, as models are made once."""
    # Django quotes no name that is quoted already: so a model gets at a table of another schema.
    return f'"{schema()}"."{name}"' if vendor() == "postgresql" else f"tense_{name}"


def store_address(database: str = "default") -> str:
    """The address of the store that lives in one of Django's databases: `App(..., store=store_address())`.

    Raises:
        ImproperlyConfigured: Tense has no store in a database of that kind, or not in memory.
    """
    address = _address(database)
    _given[address] = database
    return address


def store_now(store: str) -> str:
    """The address of a store today: one that `store_address` gave follows its database to the one that tests run on.

    Raises:
        ImproperlyConfigured: that one is in memory, where no worker finds it.
    """
    return _address(_given[store]) if store in _given else store


def is_given(store: str) -> bool:
    """Whether `store_address` gave that for the database with Tense's tables."""
    return _given.get(store) == alias()


_given: dict[str, str] = {}
"""The addresses that were given, and for which database."""


def _address(database: str) -> str:
    described: dict[str, Any] = connections.settings[database]
    engine, name = connections[database].vendor, str(described["NAME"])
    if engine == "sqlite":
        if ":memory:" in name or "mode=memory" in name:
            text = (
                f"the database {database!r} is in memory, where no worker finds it. Name a file; for tests, in "
                f"DATABASES[{database!r}]['TEST'] = {{'NAME': ...}}."
            )
            raise ImproperlyConfigured(text)
        return f"sqlite:///{quote(str(Path(name).resolve()))}"
    if engine != "postgresql":
        text = f"the database {database!r} is {engine}. Tense has stores on SQLite and PostgreSQL: name it by hand."
        raise ImproperlyConfigured(text)
    return _postgres(described)


def _postgres(described: dict[str, Any]) -> str:
    user, password = quote(str(described["USER"]), safe=""), quote(str(described["PASSWORD"]), safe="")
    host, port = str(described["HOST"]), str(described["PORT"])
    words = {"schema": schema()} if schema() != "tense" else {}
    if host.startswith("/"):
        words, host = {"host": host, **words}, ""
    who = f"{user}{':' if password else ''}{password}@" if user else ""
    where = f"{host or 'localhost' if 'host' not in words else ''}{':' if port else ''}{port}"
    return f"postgresql://{who}{where}/{quote(str(described['NAME']))}{'?' if words else ''}{urlencode(words)}"
