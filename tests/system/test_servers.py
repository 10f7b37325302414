"""`scripts/servers`: on loopback, as nobody in particular, and it ends nothing but what it started."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

import pytest

pytestmark = [pytest.mark.system, pytest.mark.server("postgres")]

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

OUTGOING = 32_768
"""The kernel gives this port and those above to outgoing connections."""


class Project:
    """A project of a test's own, with the real script in it: its servers live there, and no other is touched."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "scripts" / "servers"
        self.place = folder / ".servers" / "postgres"
        shutil.copytree(SCRIPTS, folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))

    def servers(self, *words: str) -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-B", str(self._script), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return ran.returncode, ran.stdout + ran.stderr

    @property
    def pid(self) -> int:
        return int((self.place / "pid").read_text().split()[0])

    @property
    def address(self) -> str:
        return (self.place / "address").read_text().strip()

    def record(self, pid: int) -> None:
        """Say that the server is this process, as a machine that was started anew may have given its number away."""
        self.place.mkdir(parents=True)
        (self.place / "pid").write_text(f"{pid} 1\n")
        (self.place / "address").write_text("postgresql://postgres@127.0.0.1:20999/tense\n")


@pytest.fixture
def project() -> Iterator[Project]:
    # Where the user of the server comes, too.
    folder = Path(mkdtemp(prefix="tense-project-", dir="/var/tmp"))
    folder.chmod(0o755)
    made = Project(folder)
    try:
        yield made
    finally:
        made.servers("down", "postgres")
        shutil.rmtree(folder)


class Listening(NamedTuple):
    """An address as the kernel tells it, in hexadecimal, and a port."""

    address: str
    port: int


def listening() -> Iterator[Listening]:
    """Everything on this machine that waits for connections."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            here, state = line.split()[1], line.split()[3]
            if state == "0A":
                yield Listening(here.partition(":")[0], int(here.partition(":")[2], 16))


def test_a_server_is_on_loopback_and_nobody_in_particular_and_ends_when_told(project: Project) -> None:
    assert project.servers("status", "postgres") == (0, "postgres: stopped\n")

    assert project.servers("up", "postgres") == (0, f"postgres is up: {project.address}\n")
    pid, address = project.pid, project.address

    port = int(address.rpartition(":")[2].partition("/")[0])
    assert 1024 < port < OUTGOING
    assert {found.address for found in listening() if found.port == port} == {"0100007F"}, "127.0.0.1 and no other"
    family = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    assert len(family) > 1
    assert 0 not in {Path(f"/proc/{each}").stat().st_uid for each in family}
    assert project.servers("status", "postgres") == (0, f"postgres: pid {pid}, {address}\n")
    assert project.servers("env", "postgres") == (0, f"export TENSE_TEST_POSTGRES={address}\n")
    assert project.servers("up", "postgres") == (0, f"postgres runs already: {address}\n")
    assert project.pid == pid

    assert project.servers("down", "postgres") == (0, "postgres is stopped\n")
    assert port not in {found.port for found in listening()}
    assert project.servers("status", "postgres") == (0, "postgres: stopped\n")
    assert project.servers("env", "postgres") == (0, "")
    assert project.servers("down", "postgres") == (0, "postgres did not run\n")


@pytest.mark.parametrize("reads", ["nothing", "/elsewhere/.servers/postgres/data", "{place}/log"])
def test_a_program_that_has_the_number_of_a_server_that_is_gone_is_left_alone(project: Project, reads: str) -> None:
    wait = [sys.executable, "-c", "input()", reads.format(place=project.place)]
    with subprocess.Popen(wait, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        project.record(other.pid)
        assert project.servers("status", "postgres") == (0, "postgres: stopped\n")
        assert project.servers("env", "postgres") == (0, "")

        assert project.servers("down", "postgres") == (0, "postgres did not run\n")

        assert not (project.place / "pid").exists()
        other.communicate(b"\n")
        assert other.returncode == 0, "it ended by itself"


def test_a_number_that_nobody_has_is_forgotten(project: Project) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    project.record(gone.pid)

    assert project.servers("down", "postgres") == (0, "postgres did not run\n")
    assert [left.name for left in project.place.iterdir()] == ["address"]


@pytest.mark.parametrize("words", [(), ("fly",), ("up", "mainframe")])
def test_what_it_does_not_understand_it_says_and_does_not_do(project: Project, words: tuple[str, ...]) -> None:
    status, told = project.servers(*words)

    assert status == 2
    assert told.startswith("usage: scripts/servers up [NAME ...]")
    assert not project.place.exists()
