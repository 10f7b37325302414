"""The power goes: what was answered for was synced before, and nothing takes effect twice."""

import os
import random
import sqlite3
import sys
import threading
import time
from pathlib import Path

import pytest

from tense.errors import NotSupportedError
from tense.testing.breakers.powercut import PowerCut, compiled

pytestmark = pytest.mark.system

CUTS = int(os.environ.get("TENSE_CUTS", "12"))
HERE = Path(__file__).parent


@pytest.fixture
def power(tmp_path: Path) -> PowerCut:
    try:
        library = compiled(tmp_path)
    except NotSupportedError as error:
        pytest.skip(str(error))
    folder = tmp_path / "machine"
    folder.mkdir()
    connection = sqlite3.connect(folder / "cut.db")
    connection.executescript("PRAGMA journal_mode=WAL; CREATE TABLE effects (name TEXT)")
    connection.close()
    cut = PowerCut(folder, tmp_path / "images", library)
    cut.keep()
    return cut


class Run:
    """One run of the program until its power goes; `said` is what it had answered by then."""

    def __init__(self, power: PowerCut, fail: int | None = None) -> None:
        store = f"sqlite:///{power.folder}/cut.db"
        self.process = power.start([sys.executable, str(HERE / "cutting.py"), store], fail=fail)
        self.said: list[list[str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.said.append(line.decode().split())

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + 30
        while len(self.said) < count and self.process.poll() is None:
            assert time.monotonic() < end, f"only {len(self.said)} answers in 30 s"
            time.sleep(0.005)

    def ended(self) -> None:
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


def ask(power: PowerCut, query: str) -> list[str]:
    connection = sqlite3.connect(power.folder / "cut.db")
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


def test_what_was_answered_survives_every_power_cut(power: PowerCut) -> None:
    chance = random.Random(47)
    sent: set[str] = set()
    done: set[str] = set()

    for _ in range(CUTS):
        run = Run(power)
        run.wait_for(3)
        time.sleep(chance.uniform(0.0, 0.25))
        power.cut()
        run.ended()
        sent |= {words[1] for words in run.said if words[0] == "sent"}
        done |= {words[1] for words in run.said if words[0] == "done"}

        known = set(ask(power, "SELECT id FROM tense_command"))
        effects = ask(power, "SELECT name FROM effects")
        ended = set(ask(power, "SELECT id FROM tense_command WHERE outcome IS NOT NULL"))
        assert sent - known == set(), "an acknowledged send is lost"
        assert done - ended == set(), "an acknowledged settlement is lost"
        assert len(effects) == len(set(effects)), "an effect is doubled"
        assert set(effects) == ended, "an effect without its mark, or a mark without its effect"
        assert ask(power, "PRAGMA integrity_check") == ["ok"]
        power.keep()
    print(f"{CUTS} cuts: {len(sent)} sends and {len(done)} settlements answered, 0 lost, 0 doubled")
    assert len(sent) > CUTS


def test_the_shim_sees_what_is_not_synced(power: PowerCut) -> None:
    program = (
        "import os, sys, time\n"
        "a = os.open(sys.argv[1] + '/synced', os.O_CREAT | os.O_WRONLY); os.write(a, b'x'); os.fsync(a)\n"
        "os.write(a, b'lost'); b = os.open(sys.argv[1] + '/never', os.O_CREAT | os.O_WRONLY); os.write(b, b'y')\n"
        "os.write(1, b'ready\\n'); time.sleep(60)"
    )
    process = power.start([sys.executable, "-c", program, str(power.folder)])
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        power.cut()

    assert (power.folder / "synced").read_bytes() == b"x"
    assert not (power.folder / "never").exists()


def test_a_program_that_does_not_sync_its_commits_is_found_out(power: PowerCut) -> None:
    program = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('PRAGMA synchronous=NORMAL')\n"
        "for n in range(10**6): c.execute('INSERT INTO effects VALUES (?)', (n,)); os.write(1, b'%d\\n' % n)"
    )
    process = power.start([sys.executable, "-c", program, str(power.folder / "cut.db")])
    assert process.stdout is not None
    with process.stdout:
        answered = [int(process.stdout.readline()) for _ in range(300)]
        power.cut()

    assert set(answered) - {int(name) for name in ask(power, "SELECT name FROM effects")} != set()


@pytest.mark.parametrize("nth", [9, 14, 40])
def test_a_sync_that_fails_is_never_answered_as_kept(power: PowerCut, nth: int) -> None:
    run = Run(power, fail=nth)
    run.wait_for(40)
    power.cut()
    run.ended()
    sent = {words[1] for words in run.said if words[0] == "sent"}
    done = {words[1] for words in run.said if words[0] == "done"}

    effects = ask(power, "SELECT name FROM effects")
    assert sent - set(ask(power, "SELECT id FROM tense_command")) == set()
    assert done - set(ask(power, "SELECT id FROM tense_command WHERE outcome IS NOT NULL")) == set()
    assert len(effects) == len(set(effects))
    assert ask(power, "PRAGMA integrity_check") == ["ok"]
