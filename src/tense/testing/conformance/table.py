"""The 66 properties by number, who proves each, and why some do not apply: one table for the list and for the docs."""

import inspect
from collections.abc import Iterator

import msgspec

from tense.adapters.stores.memory.store import MemoryStore
from tense.adapters.stores.postgres.capabilities import POSTGRES
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.ports.records import Capabilities
from tense.testing.conformance.property import numbers_of
from tense.testing.conformance.suite import StoreConformance

PROPERTIES = (
    "round trip of every size", "bodies are bytes", "headers as they were", "case of header names", "names that look alike",
    "no cross-talk", "fan-out", "late subscription", "an answer means durable", "unroutable is not dropped",
    "oversize refused", "one bad of a batch", "a sender leaves no consumer", "provisioning again",
    "done does not come again", "failed comes again as it was", "retry when due", "killed consumer",
    "attempts survive crashes", "attempts without a gap", "header changes do not leak", "settling twice",
    "settling after lease loss", "settling after reconnect", "lease extension", "extension fails", "paused worker",
    "lost acknowledgement", "poison bytes", "no hot loop", "content of dead letters", "dying is one step", "redrive",
    "expiry", "order without fault", "order with failures", "order across crashes", "order while lanes move",
    "a blocked key blocks itself", "ends out of order", "most at once", "resize while running", "bounded claims",
    "fair shares", "competing claims", "restart", "power cut", "kill -9 of producers", "kill -9 of consumers",
    "connection cut at each step", "half-open connection", "slow link", "full disk", "failing sync", "clock jumps",
    "background task killed", "long idle", "delays hold", "delay of years", "cancelling", "an id is used once",
    "atomic receive and send", "graceful stop", "stop and start", "context", "figures add up",
)  # fmt: skip
"""What each property is called; the first is number 1."""

STORES: dict[str, Capabilities] = {
    "memory": MemoryStore.capabilities,
    "sqlite": SqliteStore.capabilities,
    "postgres": POSTGRES,
}

KILLS, FAULTS = "tests/system/test_kill.py", "tests/system/test_postgres_server_faults.py"
SYSTEM: dict[str, dict[str, str]] = {
    "18": {"sqlite": KILLS, "postgres": KILLS},
    "19": {"sqlite": "tests/system/test_processes.py"},
    "27": {"sqlite": "tests/system/test_processes.py", "postgres": KILLS},
    "37": {"sqlite": KILLS, "postgres": KILLS},
    "46": {"postgres": FAULTS},
    "47": {"sqlite": "tests/system/test_power_cut.py"},
    "48": {"sqlite": KILLS, "postgres": KILLS},
    "49": {"sqlite": KILLS, "postgres": KILLS},
    "54": {"sqlite": "tests/system/test_power_cut.py"},
    "55": {"sqlite": "tests/system/test_clock_jumps.py", "postgres": FAULTS},
    "56": dict.fromkeys(STORES, "tests/unit/runtime/test_runners_cancelled.py"),
    "63": {"sqlite": "tests/system/test_processes.py"},
}
"""Properties that real processes prove as well, and where."""

SYNC = "memory does not outlive its process; PostgreSQL syncs by itself, and `tense doctor` reports where that is off"
CLOCK = "memory has one process and so no leases"
ELSEWHERE: dict[str, str] = {"47": SYNC, "54": SYNC, "55": CLOCK}
"""Why properties that real processes prove on one store are not proved on others."""

ABSENT: dict[str, str] = {
    "42": "nothing to resize: how many handlers of a service run at once is fixed for the life of its process",
}
"""Properties that the kit does not check on these stores, and why."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One property: its number, its name, who runs it, and why others do not."""

    number: str
    name: str
    runs: tuple[str, ...]
    tests: tuple[str, ...]
    why: str


def lines() -> list[Line]:
    """Every property in order, those of the fault catalogue last."""
    tests = list(_tests())
    numbers = [str(n) for n in range(1, len(PROPERTIES) + 1)]
    letters = sorted({n for _, _, given in tests for n in given if not n.isdigit()}, key=lambda n: (n[0], int(n[1:])))
    return [_line(number, tests) for number in [*numbers, *letters]]


def _line(number: str, tests: list[tuple[str, tuple[str, ...], list[str]]]) -> Line:
    mine = [(name, needs) for name, needs, given in tests if number in given]
    system = SYSTEM.get(number, {})
    runs = [
        store
        for store, claimed in STORES.items()
        if store in system or any(all(getattr(claimed, need) for need in needs) for _, needs in mine)
    ]
    missing = {
        f"{store} is not {need}"
        for store, claimed in STORES.items()
        if store not in runs
        for _, needs in mine
        for need in needs
        if not getattr(claimed, need)
    }
    unsaid = ELSEWHERE.get(number, "")
    name = PROPERTIES[int(number) - 1] if number.isdigit() else "of the fault catalogue"
    files = tuple(dict.fromkeys(system.values()))
    why = ABSENT.get(number) or ", ".join(sorted(missing)) or unsaid
    return Line(number=number, name=name, runs=tuple(runs), tests=(*(name for name, _ in mine), *files), why=why)


def _tests() -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """Each test of the kit: its name, the capabilities it needs, its numbers."""
    for name, test in inspect.getmembers(StoreConformance, inspect.isfunction):
        if name.startswith("test_"):
            yield name, test.__dict__["needs"], numbers_of(test.__doc__)


def page() -> str:
    """The table as a page of documentation."""
    found = lines()
    numbered = [line for line in found if line.number.isdigit()]
    head = [
        "# Conformance",
        "",
        "What every store is asked, by number. Made by `python -m tense.testing.conformance --page`; the tests compare.",
        "",
        *(
            f"- {store}: {sum(store in line.runs for line in numbered)} of {len(numbered)} numbered properties"
            for store in STORES
        ),
        "",
        "| number | property | run on | proved by | why not elsewhere |",
        "|---|---|---|---|---|",
    ]
    rows = [
        f"| {x.number} | {x.name} | {', '.join(x.runs) or 'none'} | {', '.join(f'`{t}`' for t in x.tests)} | {x.why} |"
        for x in found
    ]
    return "\n".join([*head, *rows, ""])


def listing() -> str:
    """The table for a terminal."""
    rows = [f"{x.number:>4}  {x.name:<34} {', '.join(x.runs) or '-':<24} {x.why}".rstrip() for x in lines()]
    numbered = [line for line in lines() if line.number.isdigit()]
    sums = [f"{store}: {sum(store in line.runs for line in numbered)} of {len(numbered)}" for store in STORES]
    return "\n".join([*rows, "", *sums])
