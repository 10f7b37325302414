"""Search: many seeds, on as many processes as wanted."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import get_context

from tense.runtime.load import AppNotFoundError, load_app
from tense.testing.simulation.run import Subject, Verdict, simulate
from tense.testing.simulation.shrink import shrunk

CHUNK = 20
"""Seeds that a process is given at once."""


@dataclass(slots=True)
class Found:
    """What a search found: sums, the verdict of each seed that failed, and one trace for all of them in order."""

    seeds: int = 0
    steps: int = 0
    seconds: float = 0.0
    messages: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Verdict] = field(default_factory=list)
    trace: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count a run."""
        self.seeds += 1
        self.steps += verdict.steps
        self.seconds += verdict.seconds
        self.messages += verdict.messages
        self.trace = zlib.crc32(verdict.trace.encode(), self.trace)
        self.faults.update(verdict.faults)
        if verdict.findings:
            self.failed.append(verdict)


def subject_of(target: str) -> Subject:
    """The app that `module:app` names, with `workload` and, if there is one, `check` of the same module.

    Raises:
        AppNotFoundError: there is no such app, or no workload beside it.
    """
    app = load_app(target)
    module = import_module(target.partition(":")[0])
    workload = getattr(module, "workload", None)
    if workload is None:
        text = f"{target}: {module.__name__} has no `async def workload(client, chance)` beside its app."
        raise AppNotFoundError(text)
    return Subject(app=app, workload=workload, check=getattr(module, "check", None))


def search(target: str, seeds: Sequence[int], processes: int, seen: Callable[[Found], None]) -> Found:
    """Run every seed; `seen` is called now and then with what is known so far."""
    found = Found()
    for verdicts in _verdicts(target, seeds, processes):
        for verdict in verdicts:
            found.add(verdict)
        seen(found)
    return found


def smallest(subject: Subject, verdict: Verdict) -> Verdict:
    """The run with the smallest tape that has a finding of the same name."""
    name = verdict.findings[0].partition(":")[0]

    def fails(tape: Sequence[int]) -> bool:
        played = simulate(subject, verdict.seed, tape)
        return any(finding.startswith(name) for finding in played.findings)

    return simulate(subject, verdict.seed, shrunk(verdict.tape, fails))


def _verdicts(target: str, seeds: Sequence[int], processes: int) -> Iterator[list[Verdict]]:
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    if processes <= 1:
        for chunk in chunks:
            yield _run(target, chunk)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_run, [target] * len(chunks), chunks)


def _run(target: str, seeds: Sequence[int]) -> list[Verdict]:
    subject = subject_of(target)
    return [simulate(subject, seed) for seed in seeds]
