"""App: the composition root. What runs is handed to it, and nothing else is looked up."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Any

from tense.adapters.codecs.json import JsonCodec
from tense.dispatch.middleware import Middleware
from tense.dispatch.provide import Provisions
from tense.dispatch.registry import Registry
from tense.dispatch.service import Service
from tense.errors import RegistrationError
from tense.ports.codec import Codec
from tense.ports.session import Sessions
from tense.ports.store import Store
from tense.runtime.blocking import BlockingClient, blocking_client
from tense.runtime.client import Client
from tense.runtime.engine import Engine, Seams
from tense.runtime.joined import check_needs
from tense.runtime.load import LANES, one_store, state_and_broker
from tense.runtime.names import judge_names
from tense.runtime.outbox import Outbox
from tense.runtime.system import SystemChance, SystemClock, SystemSpawn


class App:
    """Services, and what they are given.

    `provide` holds values, functions and (async) context managers, resolved by annotation. `store` is an address
    (`sqlite:///shop.db`) or a store; without one `running()` works in memory. With a `broker` messages travel there and
    the store keeps state, marks and outbox. `unit_of_work` opens the sessions of handlers that bring their own
    (`SqlAlchemyUnit(sessions)`). `max_body` is in bytes, `drain` and `lease`
    in seconds: how long running handlers may end when the app stops, and after how long a silent process loses its lanes.
    `max_backlog` refuses commands early, with `Busy`, to a service that has so many waiting; events are never refused.

    Raises:
        DefinitionError: whatever can be known before the first message to be wrong.
    """

    def __init__(
        self,
        *services: Service,
        provide: Sequence[Any] = (),
        middleware: Sequence[Middleware] = (),
        store: str | Store | None = None,
        broker: str | Store | None = None,
        unit_of_work: Sessions | None = None,
        version: str = "1",
        max_body: int = 1_048_576,
        drain: float = 10.0,
        lease: float = 15.0,
        lanes: int = LANES,
        max_backlog: int | None = None,
    ) -> None:
        if not services:
            text = "App() has no services. Give it at least one: App(orders.service)."
            raise RegistrationError(text)
        self.codec: Codec = JsonCodec()
        self.registry = Registry(services, self.codec, lanes)
        self.registry.require_handlers()
        judge_names(self.registry.messages.values(), self.registry.services)
        self.provisions = Provisions(provide)
        for handler in self.registry.handlers:
            for need in self.registry.needs[handler]:
                self.provisions.check(need, f"{handler.name} ({handler.place})")
        check_needs(self.registry.needs, self.provisions, unit_of_work)
        self.unit_of_work = unit_of_work
        self.middleware = tuple(middleware)
        if isinstance(store, str) and broker is None:
            store, broker = state_and_broker(store)
        self.store = store
        self.broker = broker
        self.version = version
        self.max_body = max_body
        self.drain = drain
        self.lease = lease
        self.lanes = lanes
        self.max_backlog = max_backlog
        self.target: str | None = None

    @asynccontextmanager
    async def running(
        self,
        *services: str,
        store: str | Store | None = None,
        broker: str | Store | None = None,
        seams: Seams | None = None,
    ) -> AsyncIterator[Client]:
        """Run the services here (all, or those named) and give a client; leaving drains and stops them.

        Raises:
            StoreError: the store cannot be used.
            NotSupportedError: this store cannot keep state beside a broker.
            RegistrationError: a name is none of this app's services.
        """
        chosen = store or self.store or "memory:"
        if isinstance(chosen, str):
            chosen, said = state_and_broker(chosen)
            broker = broker or said
        engine = self.engine(chosen, seams, broker=broker or self.broker)
        await engine.start(self._chosen(services))
        try:
            yield engine.client
        finally:
            await engine.stop()

    def client(
        self, *, store: str | Store | None = None, broker: str | Store | None = None, seams: Seams | None = None
    ) -> AbstractAsyncContextManager[Client]:
        """A client that only sends: `async with app.client() as client`. The services run elsewhere, on the same store.

        With a broker that is where it sends to, and the store is not opened.

        Raises:
            RegistrationError: there is no store that another process could share.
        """
        return self._client(self.shared_store(store, broker), seams)

    def blocking_client(
        self, *, store: str | None = None, broker: str | None = None
    ) -> AbstractContextManager[BlockingClient]:
        """The client for code without a loop: `with app.blocking_client() as client`.

        Raises:
            RegistrationError: there is no store that another process could share.
        """
        return blocking_client(self, self.shared_store(store, broker))

    def outbox(self, connection: object) -> Outbox:
        """Join the user's open transaction: `with app.outbox(connection) as out`, or `async with`.

        Raises:
            NotSupportedError: no adapter knows this kind of connection.
        """
        return Outbox(self, connection)

    def engine(self, store: str | Store, seams: Seams | None = None, *, broker: str | Store | None = None) -> "Engine":
        """An engine for this app on a store, or a pair of two; `running()` and the command line start it."""
        seams = seams or Seams(SystemClock(), SystemChance(), SystemSpawn())
        return Engine(self, one_store(store, broker, self.lanes), seams)

    def shared_store(self, store: str | Store | None, broker: str | Store | None = None) -> str | Store:
        """The store to use where several processes must meet: the broker, where there is one.

        Raises:
            RegistrationError: none is given.
        """
        if isinstance(store, str):
            store, said = state_and_broker(store)
            broker = broker or said
        chosen = broker or self.broker or store or self.store
        if chosen is None:
            text = (
                "a client alone needs a store that others share: App(..., store='sqlite:///shop.db') or "
                "client(store=...). To run the services in this process, use app.running()."
            )
            raise RegistrationError(text)
        return chosen

    def run_line(self, service: str, store: str = "") -> str:
        """The command line that would run one service."""
        target = self.target or _found_at(self) or "MODULE:APP"
        where = f" --store {store}" if store else ""
        return f"tense run {target} --service {service}{where}"

    @asynccontextmanager
    async def _client(self, store: str | Store, seams: Seams | None) -> AsyncIterator[Client]:
        engine = self.engine(store, seams)
        await engine.start(())
        try:
            yield engine.client
        finally:
            await engine.stop()

    def _chosen(self, services: Sequence[str]) -> tuple[str, ...]:
        if unknown := sorted(set(services) - set(self.registry.services)):
            text = f"this app has no service {unknown[0]!r}; it has {', '.join(sorted(self.registry.services))}."
            raise RegistrationError(text)
        return tuple(services) or tuple(self.registry.services)


def _found_at(app: App) -> str | None:
    """The `module:name` under which an app was imported, if any."""
    for name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is app and name != "__main__":
                return f"{name}:{attribute}"
    return None
