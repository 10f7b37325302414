"""Run: one seed, from the first start to the judge."""

import gc
import logging
import sys
import tempfile
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tense.ports.chance import Chance
from tense.runtime.app import App
from tense.runtime.client import Client
from tense.testing.chance import SeededChance
from tense.testing.simulation.disk import Disk
from tense.testing.simulation.faults import swarm
from tense.testing.simulation.judge import Check, judge
from tense.testing.simulation.loop import SimulatedLoop, StuckError
from tense.testing.simulation.nemesis import Story
from tense.testing.simulation.node import Fleet
from tense.testing.simulation.tape import Tape

ROUNDS = 10
"""How often what is free now is collected, at most."""

Workload = Callable[[Client, Chance], Awaitable[None]]
"""What is asked of the fleet. Errors of the client are its business; what it lets out fails the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is simulated: an app, what is asked of it, and what must be so of its rows."""

    app: App
    workload: Workload
    check: Check | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one run went. `findings` is empty when all is as it must be; `trace` is the same whenever the run is."""

    seed: int
    findings: Sequence[str]
    tape: Sequence[int]
    trace: str
    steps: int
    seconds: float
    messages: int
    events: Sequence[str]
    faults: dict[str, int]


def simulate(subject: Subject, seed: int, tape: Sequence[int] | None = None) -> Verdict:
    """Run one seed, or play a tape."""
    with _quiet():
        return _simulate(subject, seed, tape)


def _simulate(subject: Subject, seed: int, tape: Sequence[int] | None) -> Verdict:
    choices = Tape(seed, tape)
    faults = swarm(choices)
    loop = SimulatedLoop(choices, shuffled=faults.shuffled)  # type: ignore[abstract]  # sockets and signals have no place here
    with _folder() as folder:
        disk = Disk(Path(folder) / "simulated.db")
        fleet = Fleet(subject.app, loop, disk, faults)
        story = Story(fleet, seed)
        findings: list[str] = []
        try:
            chance = SeededChance(seed)
            findings += loop.run(story.tell(lambda client: subject.workload(client, chance)))
        except StuckError as error:
            findings.append(f"stuck: {error}")
        findings += [f"trouble: {text}" for text in loop.troubles]
        findings += judge(disk, fleet.journal, subject.check)
        messages = sum(disk.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("tense_command", "tense_log"))  # noqa: S608 - two names
        loop.close()
        story.bury()
        disk.close()
    events = fleet.journal.events
    broken = events[: next((at for at, event in enumerate(events) if "all is healed" in event), None)]
    counts = {word: sum(word in event for event in broken) for word in ("killed", "stops", "paused", "cut off")}
    trace = f"{loop.trace:08x}{len(choices.drawn):06x}"
    return Verdict(
        seed=seed,
        findings=tuple(findings),
        tape=tuple(choices.drawn),
        trace=trace,
        steps=loop.steps,
        seconds=loop.time(),
        messages=messages,
        events=tuple(events),
        faults=counts,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """No collection at random moments, no log of what is meant to fail, no complaint about tasks of the dead."""
    before, hook = logging.root.manager.disable, sys.unraisablehook
    enabled = gc.isenabled()
    gc.disable()
    gc.freeze()
    logging.disable(logging.CRITICAL)
    sys.unraisablehook = _silent
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
            # What a dead node's coroutines hold is free only after their end, and these only after a first round.
            for _ in range(ROUNDS):
                if not gc.collect():
                    break
    finally:
        gc.unfreeze()
        sys.unraisablehook = hook
        logging.disable(before)
        if enabled:
            gc.enable()


def _silent(_: Any) -> None:
    """What a dead process would have said."""


@contextmanager
def _folder() -> Iterator[str]:
    memory = Path("/dev/shm")  # noqa: S108 - memory where there is such a place; a private folder is made in it
    with tempfile.TemporaryDirectory(prefix="tense-simulation-", dir=memory if memory.is_dir() else None) as folder:
        yield folder
