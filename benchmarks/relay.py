"""Row 8: the relay catches up a backlog in the outbox, beside accepting the same messages directly."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import Any
from uuid import uuid4

from benchmarks.children import ROOT, ask, folder
from benchmarks.line import Line, amount, not_run
from benchmarks.memory import resident
from benchmarks.words import PlaceOrder, Receipt, orders
from tense import App, Service
from tense.cli.opened import opened
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.runtime.load import one_store, open_store
from tense.runtime.relay_parcel import parcel
from tense.runtime.system import SystemChance

BAR = 10_000.0
MEGABYTES = 50
KEYS = 1000
WINDOW = 4096
WITH_SERVER = (("sqlite", "postgres"), ("postgres", "sqlite"))


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row from file to file."""
    return _lines(quick, [("sqlite", "sqlite")])


def server_lines(quick: bool) -> list[Line]:  # noqa: FBT001 - as above
    """Measure the row between a file and the server, and the other way round."""
    return _lines(quick, WITH_SERVER)


def _lines(quick: bool, directions: Sequence[tuple[str, str]]) -> list[Line]:  # noqa: FBT001 - as above
    backlog, rounds = (30_000, 1) if quick else (100_000, 3)
    server = address() if any("postgres" in each for each in directions) else None
    result: list[Line] = []
    for state, broker in directions:
        work = f"{backlog:,} from {state} to {broker}"
        if server is None and "postgres" in (state, broker):
            result.append(not_run("relay", work, "scripts/servers up postgres"))
            continue
        answers = [_round(state, broker, server, backlog) for _ in range(rounds)]
        result += _judged(work, answers)
    return result


def address() -> str | None:
    """The address of the PostgreSQL that `scripts/servers` runs, if it does."""
    if found := os.environ.get("TENSE_TEST_POSTGRES"):
        return found
    told = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "servers"), "env", "postgres"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return told.strip().partition("TENSE_TEST_POSTGRES=")[2] or None


def _judged(work: str, answers: Sequence[dict[str, float]]) -> list[Line]:
    rates, direct = [each["rate"] for each in answers], [each["direct"] for each in answers]
    grown = max(each["grown"] for each in answers) / 1e6
    return [
        Line(
            row="relay",
            work=work,
            tense=amount(median(rates), "/s"),
            beside=f"accepted directly {amount(median(direct), '/s')}",
            ratio=median(a / b for a, b in zip(rates, direct, strict=True)),
            bar=f">= {BAR:,.0f}/s",
            met=median(rates) >= BAR,
            data={"relay": rates, "direct": direct, "microseconds of CPU": [each["cpu"] for each in answers]},
        ),
        Line(
            row="relay",
            work="memory grown meanwhile",
            tense=amount(grown, "MB"),
            beside="",
            bar=f"<= {MEGABYTES} MB",
            met=grown <= MEGABYTES,
            data={"grown": grown},
        ),
    ]


def _round(state: str, broker: str, server: str | None, backlog: int) -> dict[str, float]:
    with folder() as place, ExitStack() as stack:

        def at(kind: str, name: str) -> str:
            return f"sqlite:///{place / name}.db" if kind == "sqlite" else stack.enter_context(_schema(str(server)))

        where = {"state": at(state, "state"), "broker": at(broker, "broker")}
        direct = ask("benchmarks.relay:direct", broker=at(broker, "direct"), backlog=backlog)
        ask("benchmarks.relay:prepare", **where, backlog=backlog)
        answer = ask("benchmarks.relay:measure", **where, backlog=backlog)
    return {**answer, **direct}


@contextmanager
def _schema(server: str) -> Iterator[str]:
    """A schema of its own, gone afterwards."""
    name = f"bench_{uuid4().hex[:8]}"
    try:
        yield f"{server}?schema={name}"
    finally:
        asyncio.run(_drop(server, name))


async def _drop(server: str, schema: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(server)
    await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    await connection.close()


def envelopes(backlog: int) -> list[Envelope]:
    """Messages of many keys, for a service that runs nowhere: nothing but the relay works."""
    chance, now = SystemChance(), time.time()
    return [
        Envelope(
            metadata=Metadata(
                id=chance.new_id(), kind="command", type="archive.Keep", time=now, partitionkey=f"key-{n % KEYS}"
            ),
            body=b'{"order_id":"order-%d"}' % n,
            service="archive",
        )
        for n in range(backlog)
    ]


def prepare(state: str, broker: str, backlog: int) -> dict[str, int]:
    """Fill an outbox."""

    async def fill() -> None:
        async with opened(state, create=True) as store, opened(broker, create=True):
            await _accepted(store, [parcel(envelope) for envelope in envelopes(backlog)])

    asyncio.run(fill())
    return {"backlog": backlog}


def direct(broker: str, backlog: int) -> dict[str, float]:
    """Accept the same messages without an outbox."""

    async def run() -> float:
        said = envelopes(backlog)
        async with opened(broker, create=True) as store:
            began = time.perf_counter()
            await _accepted(store, said)
            return backlog / (time.perf_counter() - began)

    return {"direct": asyncio.run(run())}


async def _accepted(store: Any, said: Sequence[Envelope]) -> None:
    for start in range(0, len(said), WINDOW):
        await asyncio.gather(*(store.accept(envelope) for envelope in said[start : start + WINDOW]))


def measure(state: str, broker: str, backlog: int) -> dict[str, float]:
    """Messages carried a second, from the start of the process's services; bytes by which it has grown."""
    return asyncio.run(_measure(state, broker, backlog))


async def _measure(state: str, broker: str, backlog: int) -> dict[str, float]:
    service = Service(orders)

    @service.handles(PlaceOrder)
    async def place(command: PlaceOrder) -> Receipt:
        return Receipt(total=command.cents)

    app = App(service)
    transport = Counted(open_store(broker), backlog)
    before = most = resident()
    began, worked = time.perf_counter(), time.process_time()
    async with app.running(store=one_store(state, transport, app.lanes)):  # type: ignore[arg-type]  # stands for the store
        while not transport.done.done():
            await asyncio.wait([transport.done], timeout=0.5)
            most = max(most, resident(collected=False))
        took, worked = time.perf_counter() - began, time.process_time() - worked
    return {"rate": backlog / took, "grown": float(most - before), "cpu": worked / backlog * 1e6}


class Counted:
    """A store that tells when it has accepted so many."""

    def __init__(self, store: Any, left: int) -> None:
        self._store = store
        self._left = left
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def accept(self, envelope: Envelope) -> Any:
        """As the store."""
        answer = self._store.accept(envelope)
        answer.add_done_callback(self._one)
        return answer

    def _one(self, _done: object) -> None:
        self._left -= 1
        if not self._left:
            self.done.set_result(None)
