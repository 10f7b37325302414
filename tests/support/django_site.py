"""Django as tests have it: configured once for a process, with databases that each test chooses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.db import connection, connections

SQLITE: Mapping[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


APPS = ("admin", "auth", "contenttypes", "messages", "sessions", "staticfiles")


def configure() -> None:
    """Set Django up with its admin and our app; a second call does nothing."""
    if settings.configured:
        return
    settings.configure(
        DATABASES={"default": dict(SQLITE)},
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPS), "tense.django"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF="django_urls",
        SECRET_KEY="of these tests",
        STATIC_URL="static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()


configure()


def described(address: str) -> dict[str, Any]:
    """A store's address as Django describes a database."""
    parts = urlsplit(address)
    if parts.scheme == "sqlite":
        return {**SQLITE, "NAME": parts.path[1:], "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    schema = parse_qs(parts.query)["schema"][0]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "OPTIONS": {"options": f"-c search_path={schema}"},
    }


@contextmanager
def databases(**described: dict[str, Any]) -> Iterator[None]:
    """Let Django's aliases lead there, in every thread that has not used them yet; closed afterwards in this one."""
    before = connections.settings
    forget()
    connections.settings = connections.configure_settings(described)
    try:
        yield
    finally:
        forget()
        connections.settings = before


def forget() -> None:
    """Close this thread's connections and forget them."""
    for alias in list(connections.settings):
        if hasattr(connections._connections, alias):
            connections[alias].close()
            del connections[alias]


def write(name: str) -> None:
    """Write a row of the user's."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO rows VALUES (%s)", [name])


def found(table: str, column: str) -> list[str]:
    """A column of a table, ours by its short name."""
    if table != "rows":
        table = f"tense_{table}" if connection.vendor == "sqlite" else table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


def said() -> list[str]:
    """The keys of the events that were said."""
    return found("log", "key")
