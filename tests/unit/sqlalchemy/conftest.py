"""A shop whose handlers bring their own sessions, on each database and driver."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from sessions import Shop, tables_of_tense

from tense import Client, Service

Opened: TypeAlias = Callable[..., AbstractAsyncContextManager[tuple[Shop, Client]]]

DRIVERS = [
    "aiosqlite",
    pytest.param("asyncpg", marks=pytest.mark.server("postgres")),
    pytest.param("psycopg", marks=pytest.mark.server("postgres")),
]


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def store(request: pytest.FixtureRequest, driver: str, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db" if driver == "aiosqlite" else request.getfixturevalue("postgres")


@pytest.fixture
def opened(store: str, driver: str) -> Opened:
    """Runs services on a store, in sessions of their own."""

    @asynccontextmanager
    async def opening(*services: Service) -> AsyncIterator[tuple[Shop, Client]]:
        await tables_of_tense(store)
        shop = Shop(store, driver, *services)
        await shop.prepare()
        try:
            await shop.running.start(tuple(shop.app.registry.services))
            yield shop, shop.running.client
        finally:
            await shop.running.stop()
            await shop.engine.dispose()

    return opening
