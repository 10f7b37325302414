"""What cannot work as a unit of work is refused when the app is made or starts, with what to do instead."""

import sqlite3
from pathlib import Path

import pytest
from sessions import Shop, engine_on
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from tense import App, Service, Transaction
from tense.errors import NotSupportedError, ProvisionError, RegistrationError, StoreUnusableError
from tense.sqlalchemy.unit import SqlAlchemyUnit
from words import PlaceOrder, Receipt, orders

ASYNC = async_sessionmaker()


def asking_for(kind: type) -> Service:
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder, asked: kind) -> Receipt:  # type: ignore[valid-type]
        return Receipt(order_id=command.order_id)

    return service


def test_a_blocking_sessionmaker_is_refused() -> None:
    with pytest.raises(RegistrationError, match="async_sessionmaker"):
        SqlAlchemyUnit(sessionmaker(create_engine("sqlite://")))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [AsyncConnection, Session, sqlite3.Connection])
def test_another_kind_of_connection_is_refused(kind: type) -> None:
    with pytest.raises(ProvisionError, match=r"unit of work gives AsyncSession, or a Transaction"):
        App(asking_for(kind), unit_of_work=SqlAlchemyUnit(ASYNC))


def test_a_session_without_a_unit_of_work_is_refused() -> None:
    with pytest.raises(ProvisionError, match="nothing opens sessions"):
        App(asking_for(AsyncSession))


def test_a_subclass_may_be_asked_for_where_the_sessionmaker_makes_it() -> None:
    class Ours(AsyncSession): ...

    App(asking_for(Ours), unit_of_work=SqlAlchemyUnit(async_sessionmaker(class_=Ours)))
    App(asking_for(AsyncSession), unit_of_work=SqlAlchemyUnit(async_sessionmaker(class_=Ours)))
    with pytest.raises(ProvisionError, match="asks for Ours"):
        App(asking_for(Ours), unit_of_work=SqlAlchemyUnit(ASYNC))


def test_a_plain_def_that_asks_for_it_is_refused() -> None:
    service = Service(orders)

    @service.handles(PlaceOrder)
    def place(command: PlaceOrder, session: AsyncSession) -> Receipt:
        return Receipt(order_id=command.order_id)

    with pytest.raises((ProvisionError, RegistrationError), match="async def"):
        App(service, unit_of_work=SqlAlchemyUnit(ASYNC))


def test_a_provider_of_sessions_beside_it_is_refused() -> None:
    async def open_session() -> AsyncSession:
        return ASYNC()

    with pytest.raises(ProvisionError, match="which one commits"):
        App(asking_for(AsyncSession), provide=[open_session], unit_of_work=SqlAlchemyUnit(ASYNC))


async def test_the_memory_store_is_refused() -> None:
    app = App(asking_for(AsyncSession), unit_of_work=SqlAlchemyUnit(ASYNC))
    with pytest.raises(NotSupportedError, match="sqlite:///FILE or postgresql://"):
        async with app.running():
            pass


@pytest.mark.parametrize("other", ["sqlite:///{}/other.db", "sqlite://"])
async def test_sessions_that_lead_to_another_database_are_refused(tmp_path: Path, other: str) -> None:
    engine = engine_on(other.format(tmp_path), "aiosqlite")
    sessions = async_sessionmaker(engine)
    app = App(asking_for(Transaction), store=f"sqlite:///{tmp_path}/shop.db", unit_of_work=SqlAlchemyUnit(sessions))
    with pytest.raises(StoreUnusableError, match="must stand in one file"):
        async with app.running():
            pass
    await engine.dispose()


@pytest.mark.server("postgres")
@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
@pytest.mark.parametrize(
    ("other", "options", "why"),
    [
        ("postgres", {}, "must stand in one database"),
        ("", {"isolation_level": "AUTOCOMMIT"}, "autocommit"),
    ],
)
async def test_a_database_that_is_another_or_commits_by_itself_is_refused(
    postgres: str, driver: str, other: str, options: dict[str, str], why: str
) -> None:
    plain, _, query = postgres.partition("?")
    there = f"{plain.rpartition('/')[0]}/{other}?{query}" if other else postgres
    engine = engine_on(there, driver, **options)
    app = App(asking_for(Transaction), store=postgres, unit_of_work=SqlAlchemyUnit(async_sessionmaker(engine)))
    with pytest.raises(StoreUnusableError, match=why):
        async with app.running():
            pass
    await engine.dispose()


@pytest.mark.server("postgres")
async def test_sessions_on_another_kind_of_database_are_refused(postgres: str, tmp_path: Path) -> None:
    shop = Shop(postgres, "asyncpg", asking_for(Transaction))
    engine = engine_on(f"sqlite:///{tmp_path}/shop.db", "aiosqlite")
    app = App(asking_for(Transaction), store=shop.store, unit_of_work=SqlAlchemyUnit(async_sessionmaker(engine)))
    with pytest.raises(NotSupportedError, match=r"postgresql\+asyncpg"):
        async with app.running():
            pass
    await engine.dispose()
    await shop.engine.dispose()
