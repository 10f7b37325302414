"""A database that Django reaches, with our tables and one of the user's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django_site import databases, described

from tense import App
from words import publisher


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    address = f"sqlite:///{tmp_path}/shop.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    with databases(default=described(address)):
        yield address


@pytest.fixture
def app(store: str) -> App:
    found = App(publisher(), store=store)

    async def make_tables() -> None:
        async with found.client():
            pass

    asyncio.run(make_tables())
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE rows (name text PRIMARY KEY)")
    return found
