"""Engine: everything that one run of an app needs, put together."""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tense.dispatch.answers import Answering
from tense.dispatch.bus import Bus
from tense.dispatch.call import Voice
from tense.dispatch.envelopes import Envelopes
from tense.errors import StoreError
from tense.messages.envelope import Envelope
from tense.ports.chance import Chance
from tense.ports.clock import Clock
from tense.ports.delivery import Watcher
from tense.ports.records import Instance
from tense.ports.spawn import Spawn
from tense.ports.store import Store
from tense.rules.lanes import lane_of
from tense.runtime.blockage import BlockageWatch
from tense.runtime.client import Client, Home
from tense.runtime.consumer import ConsumerLoop
from tense.runtime.heard import Hearing
from tense.runtime.joined import JoinedUnits, opening_units
from tense.runtime.system import SystemClock, SystemSpawn
from tense.runtime.watchdog import Watchdog
from tense.runtime.work import Work
from tense.runtime.worker import Worker

if TYPE_CHECKING:
    from tense.runtime.app import App


@dataclass(frozen=True, slots=True)
class Seams:
    """Where time, chance and concurrency come from."""

    clock: Clock
    chance: Chance
    spawn: Spawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the store is given when it is opened."""

    clock: Clock
    chance: Chance
    spawn: Spawn
    watcher: Watcher
    instance: str
    lease: float
    lanes: int

    def lane_of(self, envelope: Envelope) -> int:
        """By its key or, without one, by its id."""
        metadata = envelope.metadata
        return lane_of(metadata.partitionkey or metadata.id, self.lanes)


class Engine:
    """One run of an app on one store: a client, and a worker for the services that run here."""

    def __init__(self, app: "App", store: Store, seams: Seams) -> None:
        self.store = store
        self.seams = seams
        self._app = app
        self._answering = Answering(app.codec)
        self._envelopes = Envelopes(
            app.codec, seams.clock, seams.chance, min(app.max_body, store.capabilities.max_body)
        )
        self._hearing = Hearing(self._envelopes, self._answering)
        self._watchdog = Watchdog(seams.clock)
        self._bus = Bus(app.registry.handlers, app.provisions, app.middleware, seams.clock, seams.spawn)
        self.worker = Worker(store, (seams.clock, seams.spawn), self._instance(), app.lease)
        self.client = self._client(())
        self._units = opening_units(app, store, seams.spawn)
        self._started = False
        self._blockage: BlockageWatch | None = None

    async def start(self, services: Sequence[str]) -> None:
        """Open the store and run these services; none for a client alone."""
        app = self._app
        self.worker.instance = self._instance(services)
        self.client = self._client(services)
        around = Around(
            clock=self.seams.clock,
            chance=self.seams.chance,
            spawn=self.seams.spawn,
            watcher=self.worker,
            instance=self.worker.instance.id,
            lease=app.lease,
            lanes=app.lanes,
        )
        await self.store.open(around)
        try:
            await self._bus.start(self.store)
            if services:
                if isinstance(self._units, JoinedUnits):
                    await self._units.check()
                await self.worker.start(self._loops(services))
                self._watch_loop()
        except BaseException:
            # Some consumers may have begun: they end before what they stand on is closed.
            with suppress(StoreError):
                if self.worker.loops:
                    await self.worker.stop(app.drain)
            await self._bus.stop()
            await self.store.close()
            raise
        self._started = True

    async def stop(self) -> None:
        """Two phases: no new work, then drain; then leave what was opened. A second call does nothing."""
        if not self._started:
            return
        self._started = False
        try:
            if self.worker.loops:
                await self.worker.stop(self._app.drain)
        finally:
            self._watchdog.stop()
            self.client.deadlines.stop()
            if self._blockage is not None:
                self._blockage.stop()
            await self._bus.stop()
            await self.store.close()
            if isinstance(self.seams.spawn, SystemSpawn):
                self.seams.spawn.close()

    def _watch_loop(self) -> None:
        """Only on real time: a clock wound by hand says nothing about the loop."""
        if isinstance(self.seams.clock, SystemClock):
            self._blockage = BlockageWatch()
            self._blockage.start()

    def _loops(self, services: Sequence[str]) -> list[ConsumerLoop]:
        registry, seams, work = self._app.registry, (self.seams.clock, self.seams.spawn), self._work()
        return [
            ConsumerLoop(consumer, self.store, work, seams, registry.services[consumer.service].concurrency)
            for consumer in registry.consumers
            if consumer.service in services
        ]

    def _work(self) -> Work:
        listeners = frozenset(self._app.registry.listeners)
        voice = Voice(self._envelopes, self._answering, self.client.ask, listeners)
        return Work(self._app.registry, self._bus, voice, self._hearing, self._units, self._watchdog)

    def _client(self, running: Sequence[str]) -> Client:
        home = Home(
            services=frozenset(self._app.registry.services),
            running=frozenset(running),
            run_line=self._app.run_line,
            max_backlog=self._app.max_backlog,
        )
        return Client(self.store, self._envelopes, self._answering, self._hearing.tell, home)

    def _instance(self, services: Sequence[str] = ()) -> Instance:
        app, now = self._app, self.seams.clock.now()
        handled = {
            name: code_base(handler.function.__module__)
            for name, handler in app.registry.commands.items()
            if handler.service in services
        }
        return Instance(
            id=self.seams.chance.new_id(),
            host=host_identity(),
            pid=os.getpid(),
            version=app.version,
            started=now,
            until=now + app.lease,
            services=tuple(services),
            commands=handled,
            hashes={service: app.registry.contract_hash(service) for service in services},
            app=app.target or "",
        )


def code_base(module: str) -> str:
    """The package or file that a module belongs to, also where it is run as a script: `python shop.py` is `shop`."""
    if module == "__main__":
        main = sys.modules["__main__"]
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        module = spec.name if spec is not None else Path(file).stem if file else module
    return module.partition(".")[0]


def host_identity() -> str:
    """What tells one machine's processes from another's: equal only where process ids mean the same."""
    parts = [socket.gethostname()]
    for path in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        try:
            parts.append(str(Path(path).readlink()) if path.endswith("pid") else Path(path).read_text().strip())
        except OSError:
            parts.append("")
    return sha256("\n".join(parts).encode()).hexdigest()[:16]
