"""Every way to hold a transaction open in SQLAlchemy and on SQLite, for `app.outbox` to join."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Any, TypeAlias

import aiosqlite
import pytest
from sessions import address_for, engine_on
from sqlalchemy import NullPool, create_engine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

Way: TypeAlias = Callable[[str], AbstractAsyncContextManager[Any]]
"""Opens what is handed to `app.outbox`; it is rolled back if nobody commits it."""


@asynccontextmanager
async def plain(store: str) -> AsyncIterator[Any]:
    with closing(sqlite3.connect(store.removeprefix("sqlite:///"))) as connection:
        yield connection


@asynccontextmanager
async def awaited(store: str) -> AsyncIterator[Any]:
    async with aiosqlite.connect(store.removeprefix("sqlite:///")) as connection:
        yield connection


def core(driver: str) -> Way:
    @asynccontextmanager
    async def way(store: str) -> AsyncIterator[Any]:
        engine = create_engine(address_for(store, driver), poolclass=NullPool)
        with engine.connect() as connection:
            yield connection
        engine.dispose()

    return way


def session(driver: str) -> Way:
    @asynccontextmanager
    async def way(store: str) -> AsyncIterator[Any]:
        engine = create_engine(address_for(store, driver), poolclass=NullPool)
        with Session(engine) as opened:
            yield opened
        engine.dispose()

    return way


def async_core(driver: str) -> Way:
    @asynccontextmanager
    async def way(store: str) -> AsyncIterator[Any]:
        engine = engine_on(store, driver)
        async with engine.connect() as connection:
            yield connection
        await engine.dispose()

    return way


def async_session(driver: str) -> Way:
    @asynccontextmanager
    async def way(store: str) -> AsyncIterator[Any]:
        engine = engine_on(store, driver)
        async with AsyncSession(engine) as opened:
            yield opened
        await engine.dispose()

    return way


def ways(kinds: dict[str, Callable[[str], Way]], sync: str, drivers: tuple[str, ...]) -> list[Any]:
    """Each kind on each driver that it can have, as parameters of a test."""
    found = []
    for name, kind in kinds.items():
        for driver in drivers if name.startswith("async") else (sync,):
            marks = [pytest.mark.server("postgres")] if driver != "aiosqlite" and sync == "psycopg" else []
            found.append(pytest.param(kind(driver), sync, id=f"{name} {driver}", marks=marks))
    return found


SESSIONS = {"session": session, "async session": async_session}
KINDS = {"core": core, "async core": async_core, **SESSIONS}
DRIVERS = [
    pytest.param(plain, "pysqlite", id="sqlite3"),
    pytest.param(awaited, "pysqlite", id="aiosqlite"),
]
ON_SQLITE, ON_POSTGRES = ("pysqlite", ("aiosqlite",)), ("psycopg", ("asyncpg", "psycopg"))
EVERY = [*DRIVERS, *ways(KINDS, *ON_SQLITE), *ways(KINDS, *ON_POSTGRES)]
WITH_SESSIONS = [*ways(SESSIONS, *ON_SQLITE), *ways(SESSIONS, *ON_POSTGRES)]


def is_awaited(joined: Any) -> bool:
    return "asyncio" in type(joined).__module__ or type(joined).__module__.startswith("aiosqlite")


async def end(joined: Any, verb: str) -> None:
    done = getattr(joined, verb)()
    if is_awaited(joined):
        await done
