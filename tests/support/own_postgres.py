"""A PostgreSQL server of a test's own, to be killed, stopped, frozen and brought back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

sys.path.append(str(Path(__file__).resolve().parents[2] / "scripts"))

from servers_lib import postgres
from servers_lib.place import Place


class OwnPostgres:
    """One server in a folder of its own. It comes back on the port it had."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.place = Place(folder, "postgres")
        self.settings = settings
        self._full = folder / "full"

    @property
    def address(self) -> str:
        return self.place.address

    def store(self, schema: str = "own") -> str:
        return f"{self.address}?schema={schema}&search_path={schema}"

    @property
    def processes(self) -> list[int]:
        """The postmaster and its children."""
        return [self.place.pid, *children(self.place.pid)]

    def start(self) -> None:
        self.place.record_address(postgres.up(self.place, *self.settings))

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT is a fast shutdown: every session is ended. SIGKILL is a crash."""
        family = self.processes
        if how == signal.SIGKILL:
            os.kill(self.place.pid, how)
        else:
            self.place.stop(how)
        if self.place.process is not None:
            self.place.process.wait()
        while any(alive(pid) for pid in family):
            time.sleep(0.01)

    @contextmanager
    def standby(self) -> Iterator["OwnPostgres"]:
        """A real standby of this server, which follows it and only reads."""
        follower = OwnPostgres(self.place.folder.parent / "standby", *self.settings)
        postgres.copy(self.place, follower.place)
        follower.start()
        try:
            yield follower
        finally:
            follower.stop()

    def shim(self) -> None:
        """Let it be started with a disk that can be full. Needs a C compiler."""
        library = self.place.folder.parent / "nospace.so"
        source = str(Path(__file__).with_name("nospace.c"))
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), source, "-ldl"], check=True)
        self.place.environment = {
            "LD_PRELOAD": str(library),
            "TENSE_FULL_FLAG": str(self._full),
            "TENSE_FULL_PATH": "/base/",
        }

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """While within, no table and no index can grow. What is written ahead is on another disk, as it should be."""
        self._full.touch()
        try:
            yield
        finally:
            self._full.unlink()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While within, none of its processes moves: connections stay, nothing is answered."""
        family = self.processes
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in family:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


@contextmanager
def own_postgres(*settings: str, shim: bool = False) -> Iterator[OwnPostgres]:
    """A server until the block is left; its user can reach the folder, whoever runs the tests."""
    folder = Path(mkdtemp(prefix="tense-postgres-", dir="/var/tmp"))
    folder.chmod(0o755)
    server = OwnPostgres(folder, *settings)
    try:
        if shim:
            server.shim()
        server.start()
        yield server
    finally:
        if server.place.alive:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def has_compiler() -> bool:
    return shutil.which("cc") is not None


def children(pid: int) -> list[int]:
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
