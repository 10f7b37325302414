"""Story: starts the fleet, breaks it, heals it, and waits until all is done."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tense.runtime.client import Client
from tense.testing.simulation.node import Fleet, Node

PATIENCE = 300.0
"""Virtual seconds within which a healed fleet must have done everything: many retries back off for long."""

GRACE = 60.0
"""Virtual seconds within which a healthy node must have stopped."""

JUMP = 3600.0
"""Seconds by which the machine's clock is set back, and forth again. What is due waits for the clock that it was told by."""

LOOK = 0.25
"""Virtual seconds between two looks at what died or is done."""


class Story:
    """One run of a fleet: three nodes and a client."""

    def __init__(self, fleet: Fleet, seed: int) -> None:
        services = tuple(fleet.app.registry.services)
        self.fleet = fleet
        self.nodes = [
            Node(fleet, "north", services, 8 * seed + 1),
            Node(fleet, "south", services, 8 * seed + 2),
            Node(fleet, "east", services[len(services) // 2 :], 8 * seed + 3),
        ]
        self.client = Node(fleet, "client", (), 8 * seed + 4)
        self._stopping: dict[str, asyncio.Task[None]] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._over = False

    async def tell(self, workload: Callable[[Client], Awaitable[None]]) -> list[str]:
        """All of it; gives what was found on the way."""
        fleet = self.fleet
        for node in (*self.nodes, self.client):
            await node.start()
        fleet.faults.active = True
        work = self.client.at(_run(workload, self.client.client), "workload")
        keeper = fleet.loop.create_task(self._keep(), name="keeper")
        await self._break()
        self._heal()
        findings = await self._finish(work) or await self._redrive(work)
        self._over = True
        await keeper
        return findings or await self._stop()

    def bury(self) -> None:
        """Let go of what was killed, now that nothing of it can matter."""
        for node in (*self.nodes, self.client):
            node.kill()

    # Breaking

    async def _break(self) -> None:
        horizon = 3 * self.fleet.app.lease
        for at, act in sorted(self._plan(horizon), key=lambda entry: entry[0]):
            await self._until(at)
            act()
        await self._until(horizon)

    def _plan(self, horizon: float) -> list[tuple[float, Callable[[], object]]]:
        faults, tape = self.fleet.faults, self.fleet.faults.tape
        lease = self.fleet.app.lease
        everybody = (*self.nodes, self.client)
        plan: list[tuple[float, Callable[[], object]]] = []
        plan += [(tape.span(horizon), self.nodes[tape.draw(len(self.nodes))].kill) for _ in range(faults.kills)]
        for _ in range(faults.restarts):
            node, at = self.nodes[tape.draw(len(self.nodes))], tape.span(horizon)
            plan.append((at, partial(self._restart, node)))
        for _ in range(faults.pauses):
            node, at = everybody[tape.draw(len(everybody))], tape.span(horizon)
            plan += [(at, node.pause), (at + tape.span(3 * lease), node.resume)]
        for _ in range(faults.cuts):
            node, at = everybody[tape.draw(len(everybody))], tape.span(horizon)
            plan += [(at, node.cut_off), (at + tape.span(3 * lease), node.heal)]
        if faults.clock_jumps:
            at = tape.span(horizon)
            plan += [(at, partial(self.fleet.jump, -JUMP)), (at + tape.span(2 * lease), partial(self.fleet.jump, 0.0))]
        return plan

    def _restart(self, node: Node) -> None:
        if not node.place.dead and node.name not in self._stopping and node.name not in self._starting:
            self._stopping[node.name] = node.stop()

    def _heal(self) -> None:
        self.fleet.faults.active = False
        self.fleet.jump(0.0)
        self.fleet.journal.events.append(f"{self.fleet.loop.time():9.4f} all is healed")
        for node in (*self.nodes, self.client):
            node.resume()
            node.heal()

    # Keeping alive

    async def _keep(self) -> None:
        while not self._over:
            await asyncio.sleep(LOOK)
            for node in self.nodes:
                self._look_after(node)

    def _look_after(self, node: Node) -> None:
        starting, stopping = self._starting.get(node.name), self._stopping.get(node.name)
        if starting is not None and starting.done():
            del self._starting[node.name]
            if starting.exception() is not None:
                node.kill()
        if stopping is not None and (stopping.done() or node.place.dead):
            del self._stopping[node.name]
            if stopping.done():
                stopping.exception()
                node.kill()
        faults = self.fleet.faults
        if node.place.dead and not (faults.active and faults.tape.draw(4)):
            self._starting[node.name] = node.start()

    # Ending

    async def _finish(self, work: "asyncio.Task[None]") -> list[str]:
        until = self.fleet.loop.time() + PATIENCE
        while not work.done() or self._starting or self._stopping or self._is_down() or self.fleet.disk.pending():
            await asyncio.sleep(LOOK)
            if self.fleet.loop.time() > until:
                waiting = [] if work.done() else ["the workload has not ended"]
                return [f"liveness: {text}" for text in (*waiting, *self.fleet.disk.pending())] or ["liveness: a node"]
        error = work.exception()
        return [] if error is None else [f"workload: {error!r}"]

    def _is_down(self) -> bool:
        return any(node.place.dead for node in self.nodes)

    async def _redrive(self, work: "asyncio.Task[None]") -> list[str]:
        """Put every dead letter back, and the same ones again when they are through: that finds nothing."""
        journal, faults, disk = self.fleet.journal, self.fleet.faults, self.fleet.disk
        faults.poison = 0
        letters = disk.rows("SELECT number, id FROM tense_dead")
        journal.redriven.update(row[1] for row in letters)
        for node in self.nodes[: 2 if letters else 0]:
            engine = node.engine
            assert engine is not None
            numbers, now = [row[0] for row in letters], node.clock.now()
            await asyncio.wait([node.at(_ignored(engine.store.redrive(numbers, now)), "redrive")], timeout=GRACE)
            if findings := await self._finish(work):
                return findings
        return []

    async def _stop(self) -> list[str]:
        findings: list[str] = []
        for node in (*self.nodes, self.client):
            stopping = node.stop()
            await asyncio.wait([stopping], timeout=GRACE)
            if not stopping.done():
                findings.append(f"stop: {node.name} does not stop")
            elif (error := stopping.exception()) is not None:
                findings.append(f"stop: {node.name} stopped with {error!r}")
            await asyncio.sleep(LOOK)
            findings += [f"no-task-left: {name} at {node.name}" for name in node.left()]
        return findings

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.fleet.loop.time()))


async def _ignored(work: Awaitable[object]) -> None:
    await work


async def _run(workload: Callable[[Client], Awaitable[None]], client: Any) -> None:
    await workload(client)
