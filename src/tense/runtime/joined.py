"""Joined: units of work in the user's own sessions, put together from a store and what opens the sessions."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol, cast

from typing_extensions import TypeVar

from tense.dispatch.handler import Handler
from tense.dispatch.provide import Provisions, is_driver
from tense.dispatch.signature import Need
from tense.errors import (
    DuplicateIdError,
    LeaseLostError,
    NotSupportedError,
    ProvisionError,
    RefusedWriteError,
    StoreError,
)
from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease
from tense.ports.guest import Guest, Guests
from tense.ports.session import Session, Sessions, ThreadSessions
from tense.ports.spawn import Spawn
from tense.ports.store import Store, Unit
from tense.ports.transaction import Transaction

if TYPE_CHECKING:
    from tense.runtime.app import App

T = TypeVar("T")


class OpensUnits(Protocol):
    """Opens the unit of work of a delivery: a store, or a store joined with sessions."""

    def unit(self, delivery: Delivery, lease: Lease) -> Unit:
        """A unit of work for a delivery under its lease."""
        ...


class JoinedUnits:
    """Opens units of work whose transaction is a session of the user's. `limit`: seconds that a commit may take."""

    def __init__(self, store: Store, sessions: Sessions, spawn: Spawn, limit: float) -> None:
        if not store.capabilities.sessions:
            text = (
                f"unit_of_work={type(sessions).__name__} needs a store that can write through its {sessions.name}: "
                "sqlite:///FILE or postgresql://HOST/DATABASE, the database that the sessions lead to."
            )
            raise NotSupportedError(text)
        self._store = store
        self._guests = cast("Guests", store)
        self._sessions = sessions
        self._spawn = spawn
        self._limit = limit

    async def check(self) -> None:
        """Make sure that the sessions lead to the store.

        Raises:
            StoreUnusableError: they lead elsewhere.
        """
        session = self._sessions.session(_enter_freely)
        try:
            await self._guests.recognise(await session.flush())
        finally:
            await session.close()

    def unit(self, delivery: Delivery, lease: Lease) -> "JoinedUnit":
        """A unit of work; its session is made when the handler asks for it."""
        return JoinedUnit(
            self._store.unit(delivery, lease),
            self._guests.guest(delivery, lease),
            (self._sessions, self._spawn, self._limit),
        )


def opening_units(app: "App", store: OpensUnits, spawn: Spawn) -> OpensUnits:
    """What opens an app's units of work on a store: the store itself, unless the app brings sessions.

    Raises:
        NotSupportedError: this store cannot write through the user's sessions.
    """
    if app.unit_of_work is None:
        return store
    return JoinedUnits(cast("Store", store), app.unit_of_work, spawn, app.lease)


class JoinedUnit:
    """One delivery's unit of work in a session. A handler that never used it ends as on the plain store."""

    __slots__ = ("_guest", "_limit", "_plain", "_session", "_sessions", "_spawn")

    def __init__(self, plain: Unit, guest: Guest, means: tuple[Sessions, Spawn, float]) -> None:
        self._plain = plain
        self._guest = guest
        self._sessions, self._spawn, self._limit = means
        self._session: Session | None = None

    @property
    def begun(self) -> bool:
        """Whether the session was used."""
        return self._session is not None and self._session.begun

    @property
    def revoked(self) -> str | None:
        """Why the store cancelled this unit's task, if it did."""
        return self._guest.revoked

    def transaction(self) -> Transaction:
        """The session's transaction."""
        return self._opened().transaction()

    def driver(self, kind: type) -> Any:
        """The session."""
        return self._opened().given(kind)

    def run_plain(self, work: Callable[[], T]) -> "asyncio.Future[T] | None":
        """Run a plain handler in the session's thread, if these sessions have one."""
        if not isinstance(self._sessions, ThreadSessions):
            return None
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._spawn.task(self._into(future, self._sessions.run(self._opened(), work)), "tense plain handler")
        return future

    async def undo(self) -> None:
        """Roll back and close the session."""
        await asyncio.shield(self._spawn.task(self._close(), "tense close session"))

    def finish(self, settlement: Settlement, outgoing: Sequence[Envelope]) -> "asyncio.Future[None] | None":
        """Write mark, outcome and messages through the session and commit it; without one, as the store does."""
        if self._session is None:
            return self._plain.finish(settlement, outgoing)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._spawn.task(self._into(future, self._finish(self._session, settlement, outgoing)), "tense finish session")
        return future

    async def _into(self, future: "asyncio.Future[T]", work: Coroutine[Any, Any, T]) -> None:
        """Whoever waits may be cancelled; a commit goes on, and what becomes of it is told to who still waits."""
        try:
            result = await work
        except Exception as error:  # noqa: BLE001 - handed to who waits
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(result)

    async def _finish(self, session: Session, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        if not session.begun:
            await self._close()
            waiting = self._plain.finish(settlement, outgoing)
            if waiting is not None:
                await waiting
            return
        try:
            async with asyncio.timeout(self._limit):
                driver = await session.flush()
                await self._guest.write(driver, settlement, outgoing)
                await session.commit()
        except (DuplicateIdError, RefusedWriteError):
            await self._close()
            raise
        except (LeaseLostError, StoreError):
            await self._give_up()
            raise
        except Exception as error:
            await self._give_up()
            text = f"the session's transaction could not be finished: {type(error).__name__}: {error}"
            raise StoreError(text) from error
        self._guest.committed()
        await self._close()

    async def _give_up(self) -> None:
        await self._close()
        self._guest.lost()

    async def _close(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limit):
                        await session.close()
        finally:
            self._guest.leave()

    def _opened(self) -> Session:
        if self._session is None:
            self._session = self._sessions.session(self._guest.enter)
        return self._session


async def _enter_freely(_driver: object) -> None:
    """Where nothing is written, nobody has to wait, and there is nothing to begin with."""


def check_needs(needs: Mapping[Handler, Sequence[Need]], provisions: Provisions, sessions: Sessions | None) -> None:
    """Refuse what asks for a database's connection or session that this app's unit of work does not have.

    Raises:
        ProvisionError: it says who asks, and what would give it.
    """
    if sessions is not None:
        for provider in provisions.providers.values():
            if isinstance(provider.provides, type) and sessions.gives(provider.provides):
                text = (
                    f"{provider.name} provides {sessions.name}, and so does unit_of_work={type(sessions).__name__}: a handler "
                    "would not know which one commits. Take it out of App(provide=[...])."
                )
                raise ProvisionError(text)
    for handler, wanted in needs.items():
        for need in wanted:
            _check_need(handler, need, provisions, sessions)


def _check_need(handler: Handler, need: Need, provisions: Provisions, sessions: Sessions | None) -> None:
    kind = need.provided
    if need.kind != "provided" or not is_driver(kind) or provisions.find(kind) is not None:
        return
    name, where = kind.__name__, f"{handler.name} ({handler.place})"
    if sessions is None:
        if kind.__module__.startswith("sqlalchemy"):
            text = (
                f"{where} asks for {name}, and nothing opens sessions: App(..., unit_of_work=SqlAlchemyUnit(sessions))."
            )
            raise ProvisionError(text)
        return
    if not sessions.gives(kind):
        text = f"{where} asks for {name}; this app's unit of work gives {sessions.name}, or a Transaction."
        raise ProvisionError(text)
    if not handler.is_async:
        text = f"{where} is a plain def and asks for {name}, which is awaited: make it an async def."
        raise ProvisionError(text)
