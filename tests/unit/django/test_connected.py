"""A thread of a worker gets over a connection that the server has ended."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction
from django_site import databases, described, found, write

from tense.django.connected import connected


@connected
def ask() -> int:
    """Which process of the server answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.server("postgres")
def test_the_next_attempt_has_a_new_connection(postgres: str) -> None:
    with databases(default={**described(postgres), "CONN_MAX_AGE": None}):
        first = ask()
        assert ask() == first

        end(first)

        with pytest.raises(DatabaseError):
            ask()
        assert ask() != first


@pytest.mark.server("postgres")
def test_a_connection_lives_as_long_as_the_settings_say(postgres: str) -> None:
    with databases(default={**described(postgres), "CONN_MAX_AGE": 0}):
        ask()

        assert connection.connection is None


def end(backend: int) -> None:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_within_a_transaction_it_touches_nothing() -> None:
    with databases(default={**described("sqlite:///:memory:"), "CONN_MAX_AGE": 0}), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE rows (name text)")

        connected(lambda: write("kept"))()

        assert found("rows", "name") == ["kept"]
