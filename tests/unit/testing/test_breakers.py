"""What breaks things does so, and only so."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from tense import App
from tense.errors import StoreError
from tense.runtime.load import open_store
from tense.testing.breakers.failpoints import Failpoints
from tense.testing.breakers.killer import Killer
from tense.testing.breakers.pauser import paused
from tense.testing.breakers.proxy import Proxy, proxy
from tense.testing.harness import harness
from tense.testing.ledger import Ledger
from words import Log, PlaceOrder, placing

HEARD: list[bytes] = []


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    HEARD.clear()
    while data := await reader.read(1000):
        HEARD.append(data)
        writer.write(data)
    writer.close()


class Line:
    """A client of an echo server, through a proxy."""

    async def __aenter__(self):
        self.server = await asyncio.start_server(echo, "127.0.0.1", 0)
        self.context = proxy("127.0.0.1", self.server.sockets[0].getsockname()[1])
        self.proxy: Proxy = await self.context.__aenter__()
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        return self

    async def say(self, data: bytes) -> bytes:
        self.writer.write(data)
        await self.writer.drain()
        return await asyncio.wait_for(self.reader.readexactly(len(data)), 1)

    async def __aexit__(self, *error):
        self.writer.transport.abort()
        await self.context.__aexit__(*error)
        self.server.close()
        await self.server.wait_closed()


async def test_in_fair_weather_everything_comes_through():
    async with Line() as line:
        assert await line.say(b"x" * 100_000) == b"x" * 100_000


async def test_a_cut_ends_the_connection_and_a_new_one_goes_through():
    async with Line() as line:
        await line.say(b"hello")
        line.proxy.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await line.say(b"again")

        line.reader, line.writer = await asyncio.open_connection("127.0.0.1", line.proxy.port)
        assert await line.say(b"again") == b"again"


async def test_a_cut_after_some_bytes_lets_so_many_through():
    async with Line() as line:
        line.proxy.down.cut_after = 3
        line.writer.write(b"hello")

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line.reader.readexactly(5), 1)


@pytest.mark.parametrize("answered", [False, True])
async def test_a_cut_at_some_words_falls_before_them_or_before_their_answer(answered: bool):
    async with Line() as line:
        line.proxy.up.cut_at, line.proxy.up.answered = lambda data: b"COMMIT" in data, answered
        await line.say(b"BEGIN")
        line.writer.write(b"COMMIT")

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(line.reader.readexactly(6), 1)
        assert line.proxy.cuts == 1
        assert ([b"BEGIN", b"COMMIT"] if answered else [b"BEGIN"]) == HEARD
        line.writer.close()
        line.reader, line.writer = await asyncio.open_connection("127.0.0.1", line.proxy.port)
        assert await line.say(b"COMMIT") == b"COMMIT"


async def test_swallowed_answers_leave_the_connection_open():
    async with Line() as line:
        line.proxy.down.swallow = True
        line.writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.reader.read(4), 0.1)

        line.proxy.down.swallow = False
        assert await line.say(b"found") == b"found"


@pytest.mark.parametrize(("name", "value"), [("delay", 0.2), ("rate", 50.0)])
async def test_slow_weather_takes_its_time(name: str, value: float):
    async with Line() as line:
        setattr(line.proxy.up, name, value)
        began = time.monotonic()
        await line.say(b"0123456789")

        assert time.monotonic() - began >= 0.19


@pytest.mark.parametrize("place", ["before accept", "after accept"])
async def test_a_failpoint_raises_once_at_its_place(place: str):
    log, points = Log(), Failpoints()
    async with harness(App(placing(log)), store=points.store(open_store("memory:"))) as h:
        points.arm(place, "raise")
        with pytest.raises(StoreError, match=place):
            await h.client.send(PlaceOrder(order_id="a"), id="a")
        await h.client.send(PlaceOrder(order_id="a"), id="a")
        await h.idle()

        assert log == ["a.0"]


async def test_a_delay_delays_and_no_failpoint_changes_nothing():
    log, points = Log(), Failpoints()
    async with harness(App(placing(log)), store=points.store(open_store("memory:"))) as h:
        points.arm("before finish", 0.05)
        await h.client.send(PlaceOrder(order_id="a"))
        await h.idle()

        assert log == ["a.0"]
        assert {"before claim", "before finish", "after finish"} <= set(points.passed)


CHILD = (
    "import itertools, os, time\n"
    "for n in itertools.count():\n"
    "    i = f'{os.getpid()}-{n}'\n"
    "    for line in (f'start {i}', f'ok {i}', f'deliver c {i}', f'done c {i}'):\n"
    "        os.write(1, (line + '\\n').encode())\n"
    "    time.sleep(0.001)\n"
)


def test_a_killer_keeps_the_ledger_of_children_that_die():
    killer = Killer({name: [sys.executable, "-c", CHILD] for name in ("one", "two")}, Ledger(("c",)))
    killer.start()
    killer.rounds(4, between=(0.1, 0.2))
    killer.wait_until(lambda: killer.ledger.counts()["accepted"] > 20, 10)
    killer.kill()

    counts = killer.ledger.counts()
    assert killer.kills >= 6
    assert counts["delivered"] > 20
    assert all(fault.kind in ("lost", "never settled") for fault in killer.ledger.faults())
    assert len(killer.ledger.faults()) <= killer.kills


def test_a_paused_process_says_nothing_until_it_goes_on():
    killer = Killer({"one": [sys.executable, "-c", CHILD]}, Ledger(("c",)))
    killer.start()
    killer.wait_until(lambda: killer.ledger.counts()["accepted"] > 5, 10)
    process = killer._children["one"][0]
    try:
        with paused(process.pid):
            killer.wait_until(lambda: state(process.pid) == "T", 5)
        killer.wait_until(lambda: state(process.pid) != "T", 5)
    finally:
        killer.kill()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
