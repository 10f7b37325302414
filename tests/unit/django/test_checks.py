"""`manage.py check` says where Tense would fail, lose or wait."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import override_settings
from django_site import databases, described

from tense import App
from tense.django import conf
from tense.django.checks import check_settings
from words import publisher

Say = Callable[..., list[str]]


def ids(found: list[CheckMessage]) -> list[str]:
    return [message.id for message in found]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """What the checks say of SQLite with these settings of a database, and these options."""

    def said(options: dict[str, Any] | None = None, **others: Any) -> list[str]:
        default = {**described(f"sqlite:///{tmp_path}/shop.db"), **others}
        default["OPTIONS"] = {**default["OPTIONS"], **(options or {})}
        with databases(default=default):
            return ids(check_settings(None))

    return said


@pytest.fixture
def in_module(monkeypatch: pytest.MonkeyPatch) -> Callable[[App], str]:
    """Puts an app where TENSE_APP finds it."""

    def put(app: App) -> str:
        module = ModuleType("of_this_test")
        module.app = app  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "of_this_test", module)
        return "of_this_test:app"

    return put


def test_there_is_nothing_to_say_of_good_settings(say: Say) -> None:
    assert say() == []


@pytest.mark.parametrize("mode", [None, "DEFERRED"])
def test_transactions_that_lock_late_are_warned_of(say: Say, mode: str | None) -> None:
    assert say({"transaction_mode": mode}) == ["tense.W002"]


@pytest.mark.parametrize("level", ["NORMAL", "normal", "1", "OFF", "0"])
def test_a_file_that_does_not_wait_for_the_disk_is_warned_of(say: Say, level: str) -> None:
    command = f"PRAGMA cache_size = -4000; PRAGMA synchronous = {level};"

    assert say({"init_command": command}) == ["tense.W003"]
    assert say({"init_command": "PRAGMA synchronous=FULL"}) == []


def test_requests_that_keep_the_file_are_warned_of(say: Say) -> None:
    assert say(ATOMIC_REQUESTS=True) == ["tense.W004"]


def test_transactions_that_nobody_ends_are_warned_of(say: Say) -> None:
    assert say(AUTOCOMMIT=False) == ["tense.W005"]


def test_a_database_that_cannot_be_joined_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases(default=described(f"sqlite:///{tmp_path}/shop.db")):
        monkeypatch.setattr(type(connections["default"]), "vendor", "mysql")

        assert ids(check_settings(None)) == ["tense.W001"]


@pytest.mark.parametrize(("newer", "found"), [(True, []), (False, ["tense.W001"])])
def test_the_older_driver_is_warned_of(monkeypatch: pytest.MonkeyPatch, newer: bool, found: list[str]) -> None:
    monkeypatch.setattr("django.db.backends.postgresql.psycopg_any.is_psycopg3", newer)

    with databases(default=described("postgresql://ada@db/shop?schema=tense")):
        assert ids(check_settings(None)) == found


@pytest.mark.parametrize("target", ["nowhere:app", "words:app", "words"])
def test_an_app_that_is_not_there_is_an_error(say: Say, target: str) -> None:
    with override_settings(TENSE_APP=target):
        assert say() == ["tense.E001"]


@pytest.mark.parametrize(
    ("store", "found"),
    [
        ("sqlite:///{}/shop.db", []),
        ("sqlite:///{}/other.db", ["tense.W006"]),
        ("postgresql://ada@db/shop", ["tense.W006"]),
        (None, []),
    ],
)
def test_workers_that_read_elsewhere_are_warned_of(
    say: Say, in_module: Callable[[App], str], tmp_path: Path, store: str | None, found: list[str]
) -> None:
    app = App(publisher(), store=store and store.format(tmp_path))

    with override_settings(TENSE_APP=in_module(app)):
        assert say() == found


@pytest.mark.parametrize(
    ("store", "found"),
    [
        ("postgresql://ada@db/shop", []),
        ("postgresql://ada@db/shop?schema=other", ["tense.W006"]),
        ("postgresql://ada@db/other", ["tense.W006"]),
        ("sqlite:///shop.db", ["tense.W006"]),
    ],
)
@pytest.mark.parametrize("name", ["shop", "test_shop"])
def test_the_same_holds_of_a_server(in_module: Callable[[App], str], store: str, found: list[str], name: str) -> None:
    app = App(publisher(), store=store)

    default = described(f"postgresql://ada@db/{name}?schema=tense")
    with databases(default=default), override_settings(TENSE_APP=in_module(app)):
        assert ids(check_settings(None)) == found


def test_a_setting_that_names_nothing_says_so(say: Say) -> None:
    with override_settings(TENSE_DATABASE="nowhere"), pytest.raises(ImproperlyConfigured, match="it has default"):
        say()
    with override_settings(TENSE_SCHEMA="x; DROP"), pytest.raises(ImproperlyConfigured, match="small letters"):
        conf.schema()
    with pytest.raises(ImproperlyConfigured, match='TENSE_APP = "shop'):
        conf.tense_app()


@pytest.mark.parametrize(
    ("database", "address"),
    [
        ({"NAME": "/var/lib/my shop.db"}, "sqlite:////var/lib/my%20shop.db"),
        ({"NAME": "shop", "USER": "ada", "HOST": "db"}, "postgresql://ada@db/shop"),
        (
            {"NAME": "shop", "USER": "a:da", "PASSWORD": "p@/", "PORT": 5433},
            "postgresql://a%3Ada:p%40%2F@localhost:5433/shop",
        ),
        ({"NAME": "shop", "HOST": "/run/pg"}, "postgresql:///shop?host=%2Frun%2Fpg"),
    ],
)
def test_the_store_in_a_database_of_djangos_has_this_address(database: dict[str, Any], address: str) -> None:
    engine = f"django.db.backends.{'sqlite3' if address.startswith('sqlite') else 'postgresql'}"

    with databases(default={"ENGINE": engine, **database}):
        assert conf.store_address() == address


def test_an_address_that_was_given_follows_its_database_to_that_of_the_tests(
    in_module: Callable[[App], str], tmp_path: Path
) -> None:
    with databases(default=described(f"sqlite:///{tmp_path}/shop.db")):
        given = conf.store_address()
        connections.settings["default"]["NAME"] = str(tmp_path / "test.db")

        assert conf.store_now(given) == f"sqlite:///{tmp_path}/test.db"
        assert conf.store_now("sqlite:///other.db") == "sqlite:///other.db"
        with override_settings(TENSE_APP=in_module(App(publisher(), store=given))):
            assert ids(check_settings(None)) == []


def test_a_database_in_memory_is_no_store() -> None:
    with databases(default=described("sqlite:///:memory:")), pytest.raises(ImproperlyConfigured, match="Name a file"):
        conf.store_address()
