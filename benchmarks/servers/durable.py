"""Accepted by 64 senders; handled in 16 lanes exactly once with one row of user state. Beside a loop by hand, and peers."""

import asyncio
import time
from collections.abc import Mapping

import asyncpg

from benchmarks.children import ask
from benchmarks.durable import CLAIM, LANES, SENDERS, Finish, _finished, _sent, app_of
from benchmarks.line import Line, compared, not_run
from benchmarks.peers import environment
from benchmarks.servers import byhand
from benchmarks.servers.database import STATE, database, rows_of

AT_ONCE = 64
"""How many handlers of one process may be in hands: what a service has by default, and what the loop by hand claims."""

ROUNDS_OF_PEERS = 3

BARS = {"accept64": 0.3, "handle16": 0.5}
WORK = {"accept64": "accepted by 64 senders", "handle16": "handled exactly once in 16 lanes"}
PEERS = {"pgqueuer": 5.0, "procrastinate": 12.0, "dbos": 50.0}

Found = dict[str, list[float]]


def lines(quick: bool) -> list[Line]:  # noqa: FBT001 - the table calls every row alike
    """Measure the row."""
    rounds, count = (3, 8000) if quick else (5, 20_000)
    # The same work as ours; those that are slower by far would take minutes for it.
    jobs = {"pgqueuer": count, "procrastinate": 500 if quick else 2_000, "dbos": 200}
    found = interleaved(rounds, count, jobs)
    result = [
        compared("postgres", work, (found["tense"][name], found["by hand"][name]), other="by hand", bar=BARS[name])
        for name, work in WORK.items()
    ]
    for name, times in PEERS.items():
        if name not in found:
            result.append(not_run("postgres", f"handled, beside {name}", "no benchmarks/.venv"))
            continue
        values = found[name]["handle16"]
        pairs = (found["tense"]["handle16"][: len(values)], values)
        result.append(compared("postgres", f"handled, beside {name}", pairs, other=name, bar=times))
    return result


def interleaved(rounds: int, count: int, jobs: Mapping[str, int]) -> dict[str, Found]:
    """Each round: by hand, then Tense, and in the first ones each peer, with so many jobs; each in a database of its own.

    What other work the machine has falls on all of them alike.
    """
    found: dict[str, Found] = {"by hand": {}, "tense": {}}
    for at in range(rounds):
        for contender, target in (("by hand", "hand"), ("tense", "tense")):
            with database(STATE) as address:
                answer = ask(f"benchmarks.servers.durable:{target}", address=address, count=count)
                assert rows_of(address) == (count, count)
            for name, value in answer.items():
                found[contender].setdefault(name, []).append(value)
        for name in jobs if at < ROUNDS_OF_PEERS and environment.python() is not None else ():
            found.setdefault(name, {}).setdefault("handle16", []).append(peer(name, jobs[name]))
    return found


def peer(name: str, count: int) -> float:
    """How many a peer handles a second."""
    python = environment.python()
    assert python is not None
    with database(STATE) as address:
        answer = ask(f"benchmarks.peers.postgres:{name}", python=python, address=address, count=count)
        assert rows_of(address) == (count, count)
    return float(answer["handled"])


def hand(address: str, count: int) -> dict[str, float]:
    """The two figures of the hand-written loop."""
    return asyncio.run(_hand(address, count))


async def _hand(address: str, count: int) -> dict[str, float]:
    connection = await asyncpg.connect(address)
    await connection.execute(byhand.TABLES)
    accepted = await _sent(byhand.Intake(connection).send, count, SENDERS)
    began = time.perf_counter()
    assert await byhand.handle_all(connection, byhand.place, CLAIM) == count
    took = time.perf_counter() - began
    await connection.close()
    return {"accept64": accepted, "handle16": count / took}


def tense(address: str, count: int) -> dict[str, float]:
    """The two figures of Tense."""
    return asyncio.run(_tense(address, count))


async def _tense(address: str, count: int) -> dict[str, float]:
    async with app_of(Finish(0)).running(store=address):
        pass
    async with app_of(Finish(0)).client(store=address) as client:
        accepted = await _sent(client.send, count, SENDERS)
    finish = Finish(count)
    async with app_of(finish, LANES, AT_ONCE).running(store=address) as client:
        handled = await _finished(client, finish, count)
    return {"accept64": accepted, "handle16": handled}
