"""SIGTERM in the middle of work: two phases."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

WORKER = """
import asyncio, signal, sys
from tense import App, Command, Contract, Service, Transaction

slow = Contract("slow")
service = Service(slow, concurrency=1)

class Wait(Command[int], owner=slow, key="key"):
    key: str
    number: int

@service.handles(Wait)
async def wait(command: Wait, db: Transaction) -> int:
    print("began", command.number, flush=True)
    await asyncio.sleep(0.5)
    await db.execute("CREATE TABLE IF NOT EXISTS done (number INTEGER PRIMARY KEY)")
    await db.execute("INSERT INTO done VALUES (:number)", number=command.number)
    return command.number

async def main(store):
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with App(service).running(store=store) as client:
        for number in range(5):
            await client.send(Wait(key="one", number=number), id=f"wait-{number}")
        await stop.wait()
    print("stopped", flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    (tmp_path / "worker.py").write_text(WORKER)
    command = [sys.executable, str(tmp_path / "worker.py"), f"sqlite:///{tmp_path / 'slow.db'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_worker_told_to_stop_ends_what_it_began_and_leaves_the_rest_untouched(
    worker: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    assert worker.stdout is not None
    assert worker.stdout.readline() == "began 0\n"

    told = time.monotonic()
    worker.terminate()
    rest = worker.stdout.read()

    assert rest == "stopped\n"
    assert worker.wait(20) == 0
    assert time.monotonic() - told < 5
    connection = sqlite3.connect(tmp_path / "slow.db")
    assert connection.execute("SELECT number FROM done").fetchall() == [(0,)]
    standing = connection.execute("SELECT id, state, attempts FROM tense_command ORDER BY seq").fetchall()
    assert standing == [("wait-0", 3, 1), *((f"wait-{number}", 0, 0) for number in range(1, 5))]
    assert connection.execute("SELECT count(*) FROM tense_lane WHERE owner IS NOT NULL").fetchone() == (0,)
    connection.close()
