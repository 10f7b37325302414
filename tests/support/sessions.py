"""Services whose unit of work is a session of SQLAlchemy, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import NullPool, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tense import App, Publish, Retry, Send, Service
from tense.runtime.system import SystemClock
from tense.sqlalchemy.unit import SqlAlchemyUnit
from words import Log, Notify, OrderPlaced, OutOfStock, PlaceOrder, Receipt, notes, orders, publisher

QUICK = Retry(attempts=2, first=timedelta(milliseconds=10), factor=1.0, longest=timedelta(milliseconds=10))

LIMIT = 30.0


class Base(DeclarativeBase): ...


class Row(Base):
    __tablename__ = "session_rows"

    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


def address_for(store: str, driver: str) -> str:
    """The address of a store's database as SQLAlchemy wants it; on PostgreSQL, the store's schema is in the search path."""
    if store.startswith("sqlite"):
        return store.replace("sqlite:", f"sqlite+{driver}:")
    plain = store.partition("?")[0].replace("postgresql:", f"postgresql+{driver}:")
    return f"{plain}?options=-csearch_path={schema_of(store)}" if driver == "psycopg" else plain


def engine_on(store: str, driver: str, **options: Any) -> AsyncEngine:
    """An engine on the database of a store."""
    if driver == "asyncpg":
        options["connect_args"] = {"server_settings": {"search_path": schema_of(store)}}
    if driver != "aiosqlite":
        # A pool keeps connections for the loop that made them, and each test has a loop of its own.
        options = {"poolclass": NullPool, **options}
    return create_async_engine(address_for(store, driver), **options)


class Shop:
    """An app on a store, with sessions of its own."""

    def __init__(self, store: str, driver: str, *services: Service) -> None:
        self.store = store
        self.engine = engine_on(store, driver)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self.app = App(*services, store=store, unit_of_work=SqlAlchemyUnit(self.sessions))
        self.running = self.app.engine(store)

    async def prepare(self) -> None:
        """Make the project's own table, once Tense has made its schema."""
        async with self.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    async def rows(self) -> list[str]:
        """What is committed."""
        async with self.sessions() as session:
            return sorted((await session.scalars(select(Row.name))).all())


def placing(log: Log) -> Service:
    """Adds a row and says what it did; then ends as the order's id says."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=QUICK)
    async def place(
        command: PlaceOrder, session: AsyncSession, publish: Publish[OrderPlaced], send: Send[Notify]
    ) -> Receipt | OutOfStock:
        session.add(Row(name=f"{command.order_id}.{command.number}", number=command.number))
        publish(OrderPlaced(order_id=command.order_id, number=command.number))
        send(Notify(text=command.order_id))
        log.note(command.order_id)
        if command.order_id == "raised":
            raise OutOfStock(sku="book")
        if command.order_id == "returned":
            return OutOfStock(sku="book")
        return Receipt(order_id=command.order_id)

    return service


def schema_of(store: str) -> str:
    """The schema that an address names."""
    return store.partition("schema=")[2].partition("&")[0]


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Return when a condition holds; real threads and servers work meanwhile."""
    end = SystemClock.elapsed() + LIMIT
    while True:
        held = condition()
        if held if isinstance(held, bool) else await held:
            return
        assert SystemClock.elapsed() < end, f"not within {LIMIT} s"
        await asyncio.sleep(0.01)


def noting(log: Log) -> Service:
    service = Service(notes)

    @service.handles(Notify)
    async def notify(command: Notify) -> None:
        log.note(command.text)

    return service


def doing(work: Callable[[AsyncSession, PlaceOrder], Any], **policy: Any) -> Service:
    """An order is placed by a function of the test's own."""
    service = Service(orders)

    @service.handles(PlaceOrder, retry=QUICK, **policy)
    async def place(command: PlaceOrder, session: AsyncSession) -> Receipt:
        await work(session, command)
        return Receipt(order_id=command.order_id)

    return service


async def tables_of_tense(store: str) -> None:
    """Make Tense's tables, as a worker's first start does."""
    async with App(publisher()).running(store=store):
        pass
