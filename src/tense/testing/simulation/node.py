"""Node: one process of the fleet: an engine on a place that can be killed, paused, cut off and started again."""

import asyncio
import copy
from collections.abc import Callable, Coroutine, Sequence
from contextvars import copy_context
from typing import Any

from tense.runtime.app import App
from tense.runtime.client import Client
from tense.runtime.engine import Engine, Seams
from tense.testing.chance import SeededChance
from tense.testing.simulation.disk import Disk, Turn
from tense.testing.simulation.faults import Faults
from tense.testing.simulation.journal import Journal, watched
from tense.testing.simulation.loop import PLACE, Place, SimulatedLoop
from tense.testing.simulation.store import SimulatedStore
from tense.testing.simulation.surroundings import SimulatedClock, SimulatedSpawn


class Fleet:
    """What the nodes share: the loop, the disk, the faults, and the journal."""

    def __init__(self, app: App, loop: SimulatedLoop, disk: Disk, faults: Faults) -> None:
        self.app = app
        self.loop = loop
        self.disk = disk
        self.faults = faults
        self.journal = Journal()
        self.jumped = 0.0

    def jump(self, seconds: float) -> None:
        """Set the clock of the machine, which all nodes share, to so much more or less than it should be."""
        if seconds != self.jumped:
            self.journal.events.append(f"{self.loop.time():9.4f} the clock goes wrong by {seconds:g} s")
            self.jumped = seconds


class Node:
    """One process. After a kill nothing of it runs, not even a `finally`; a start makes a new one on the same disk."""

    def __init__(self, fleet: Fleet, name: str, services: Sequence[str], seed: int) -> None:
        self.loop, self.disk = fleet.loop, fleet.disk
        self.faults, self.journal = fleet.faults, fleet.journal
        self.clock = SimulatedClock(fleet.loop, lambda: fleet.jumped)
        self.lease = fleet.app.lease
        self.name = name
        self.cut = False
        self.healed: list[Callable[[], None]] = []
        self.turn = Turn(fleet.disk, lambda: self.cut)
        self.place = Place(name)
        self.engine: Engine | None = None
        self._fleet = fleet
        self._services = services
        self._seed = seed
        self._generation = 0
        self._buried: list[object] = []

    @property
    def has_turn(self) -> bool:
        """Whether it may write just now: who holds up everybody is not cut off as well."""
        return self.disk.holder is self.turn

    @property
    def client(self) -> Client:
        """The client of the running engine."""
        assert self.engine is not None
        return self.engine.client

    def latency(self) -> float:
        """How long one step of the outside world takes."""
        return self.faults.tape.span(self.faults.latency)

    def start(self) -> "asyncio.Task[None]":
        """Start a new process; the task ends when it runs."""
        self._generation += 1
        self.place = Place(f"{self.name}.{self._generation}")
        self.cut = False
        self.healed = []
        app = copy.copy(self._fleet.app)
        app.middleware = (watched(self), *app.middleware)
        chance = SeededChance(self._seed * 1000 + self._generation)
        self._note("starts")
        # The engine is made within the place, so that whatever it starts belongs to it.
        engine = Engine(app, SimulatedStore(self), Seams(self.clock, chance, SimulatedSpawn(self)))
        self.engine = engine
        return self.at(engine.start(self._services), f"start {self.name}")

    def stop(self) -> "asyncio.Task[None]":
        """Stop the process in its two phases; the task ends when it is gone."""
        assert self.engine is not None
        self._note("stops")
        return self.at(self.engine.stop(), f"stop {self.name}")

    def at(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        """Run a coroutine at this node."""
        context = copy_context()
        context.run(PLACE.set, self.place)
        task: asyncio.Task[None] = self.loop.create_task(work, name=name, context=context)
        return task

    def kill(self) -> None:
        """Kill -9."""
        if self.place.dead:
            return
        self._note("is killed")
        self.place.dead = True
        self._buried.append((self.place, self.engine))
        self.disk.bells.pop(self.place.name, None)
        store = self.engine.store if self.engine is not None else None
        if isinstance(store, SimulatedStore):
            store.crash()
        self.turn.close()

    def dies(self, parts: int) -> bool:
        """Whether it dies here and now, in so many thousandths of cases."""
        if not self._services or not self.faults.happens(parts):
            return False
        self.kill()
        return True

    def pause(self) -> None:
        """SIGSTOP."""
        self._note("is paused")
        self.place.paused = True

    def resume(self) -> None:
        """SIGCONT."""
        if self.place.paused:
            self._note("goes on")
            self.loop.resume(self.place)

    def cut_off(self) -> None:
        """From now on it waits for the disk."""
        self._note("is cut off")
        self.cut = True

    def heal(self) -> None:
        """The disk answers again."""
        if self.cut:
            self._note("is healed")
            self.cut = False
            healed, self.healed = self.healed, []
            for again in healed:
                again()

    def left(self) -> list[str]:
        """The tasks that a stopped process has left."""
        return [task.get_name() for task in self.place.tasks if not task.done()]

    def _note(self, what: str) -> None:
        self.journal.events.append(f"{self.loop.time():9.4f} {self.name} {what}")
