"""Promises 7, 8 and 9 with real processes: poison that kills, workers that pause beyond their lease, stops."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

HERE = Path(__file__).parent


def spawn(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(HERE / script), *map(str, arguments)], stderr=subprocess.DEVNULL)


def wait_until(condition, limit: float = 40.0) -> None:
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"not within {limit} s"
        time.sleep(0.05)


def ask(file: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(file, timeout=10)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def send(store: str, *names: str) -> None:
    sys.path.insert(0, str(HERE))
    from poison import Work, app

    async with app.client(store=store) as client:
        for name in names:
            await client.send(Work(name=name))


@pytest.mark.filterwarnings("ignore:nobody has ever run")
def test_a_message_that_kills_its_worker_ends_in_a_dead_letter_and_the_others_are_handled(tmp_path: Path) -> None:
    file, starts = tmp_path / "poison.db", tmp_path / "starts.txt"
    store = f"sqlite:///{file}"
    names = ["deadly command", "deadly event", *(f"harmless {n}" for n in range(30))]
    asyncio.run(send(store, *names))
    worker = spawn("poison.py", store, starts)

    def finished() -> bool:
        nonlocal worker
        if worker.poll() is not None:
            worker = spawn("poison.py", store, starts)
        try:
            return len(ask(file, "SELECT 1 FROM tense_dead")) == 2
        except sqlite3.OperationalError:
            return False

    try:
        wait_until(finished)
        wait_until(lambda: Counter(starts.read_text().splitlines())["event harmless 29"] > 0)
        time.sleep(0.5)
    finally:
        worker.kill()
        worker.wait()

    counted = Counter(starts.read_text().splitlines())
    assert counted["command deadly command"] == 3
    assert 2 <= counted["event deadly event"] <= 3, "an event in the hands of a dying worker counts as delivered"
    assert set(ask(file, "SELECT type, reason FROM tense_dead")) == {
        ("orders.Work", "crashed"),
        ("orders.Worked", "crashed"),
    }
    for number in range(30):
        assert counted[f"command harmless {number}"] >= 1
    done = ask(file, "SELECT count(*) FROM tense_command WHERE state = 3")[0][0]
    assert done == 31


@pytest.mark.filterwarnings("ignore:nobody has ever run")
@pytest.mark.parametrize("kind", ["command", "event"])
def test_a_worker_that_pauses_beyond_its_lease_cannot_commit_what_another_took_over(tmp_path: Path, kind: str) -> None:
    file, starts = tmp_path / "pause.db", tmp_path / "starts.txt"
    store = f"sqlite:///{file}"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE effects (name TEXT, pid INTEGER)")
    connection.close()
    first = spawn("pause.py", store, starts)
    second = None
    try:
        wait_until(lambda: starts.exists() and "ready" in starts.read_text())
        asyncio.run(send_slow(store, kind))
        wait_until(lambda: "start" in starts.read_text())
        first.send_signal(signal.SIGSTOP)
        second = spawn("pause.py", store, starts)
        wait_until(lambda: len(ask(file, "SELECT 1 FROM effects")) == 1)
        first.send_signal(signal.SIGCONT)
        wait_until(lambda: "refused" in starts.read_text() or starts.read_text().count("end") >= 2)
        time.sleep(0.5)
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.wait()

    assert ask(file, "SELECT name, pid FROM effects") == [("slow", second.pid)]
    assert ask(file, "SELECT count(*) FROM tense_command WHERE outcome IS NOT NULL") == [(1,)]


async def send_slow(store: str, kind: str) -> None:
    sys.path.insert(0, str(HERE))
    from pause import Begin, Slow, app

    async with app.client(store=store) as client:
        await client.send(Slow(name="slow") if kind == "command" else Begin(name="slow"))


@pytest.mark.filterwarnings("ignore:nobody has ever run")
def test_a_stop_ends_what_runs_and_releases_the_rest_untouched(tmp_path: Path) -> None:
    file, starts = tmp_path / "stop.db", tmp_path / "starts.txt"
    store = f"sqlite:///{file}"
    asyncio.run(send_many(store))
    worker = spawn("stopping.py", store, starts)
    wait_until(lambda: starts.exists() and starts.read_text().count("start") >= 2)
    worker.send_signal(signal.SIGTERM)
    began = time.monotonic()
    worker.wait(timeout=20)
    took = time.monotonic() - began

    text = starts.read_text()
    rows = ask(file, "SELECT state, attempts FROM tense_command ORDER BY seq")
    assert worker.returncode == 0
    assert took < 10
    assert text.count("start") == text.count("end"), "what was started was ended"
    done = [row for row in rows if row[0] == 3]
    untouched = [row for row in rows if row[0] == 0]
    assert len(done) == text.count("end")
    assert len(done) + len(untouched) == 200
    assert {attempts for _, attempts in untouched} == {0}, "what was not started is as it was"
    assert ask(file, "SELECT count(*) FROM tense_lane WHERE owner IS NOT NULL") == [(0,)]


async def send_many(store: str) -> None:
    sys.path.insert(0, str(HERE))
    from stopping import Nap, app

    async with app.client(store=store) as client:
        await asyncio.gather(*(client.send(Nap(number=n)) for n in range(200)))


def test_a_forked_child_may_not_use_its_parents_store(tmp_path: Path) -> None:
    script = f"""
import asyncio, os, sys
sys.path.insert(0, {str(HERE)!r})
from stopping import Nap, app

async def main():
    async with app.client(store="sqlite:///{tmp_path}/fork.db") as client:
        pid = os.fork()
        if pid == 0:
            try:
                await client.send(Nap(number=1))
            except Exception as error:
                print(type(error).__name__, error, flush=True)
                os._exit(0)
            os._exit(1)
        _, status = os.waitpid(pid, 0)
        sys.exit(os.waitstatus_to_exitcode(status))

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "ClosedError" in done.stdout
    assert "fork" in done.stdout
