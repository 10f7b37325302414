"""PostgreSQL: a cluster of its own on loopback, without passwords, with fsync on."""

import os
import signal
import subprocess
from pathlib import Path

from servers_lib.place import Place, ServerError, as_user, install, own

STOP = signal.SIGINT

USER = "postgres"
"""The server refuses to run as root; Debian's package makes this user."""


def up(place: Place, *options: str) -> str:
    """Install, create and start it, with more settings if wanted (`name=value`); its address."""
    programs = _programs()
    data, sockets = place.folder / "data", place.folder / "run"
    for folder in (place.folder, sockets):
        own(folder, USER)
    if not (data / "PG_VERSION").exists():
        _run(place, f"{programs}/initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C")
    # Where nobody reaps the dead, a killed server's pid still answers, and its lock files would hold for ever.
    for lock in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
        lock.unlink(missing_ok=True)
    port = place.port()
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", USER]
    settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={sockets}", "max_connections=200", *options]
    command = [f"{programs}/postgres", "-D", str(data), "-p", str(port)]
    command += [part for setting in settings for part in ("-c", setting)]
    place.start(command, lambda: _answers(f"{programs}/pg_isready", "-q", *where), user=USER)
    if not _answers(f"{programs}/psql", *where, "-d", "tense", "-c", "SELECT 1"):
        _run(place, f"{programs}/createdb", *where, "tense")
    return f"postgresql://{USER}@127.0.0.1:{port}/tense"


def copy(place: Place, to: Place) -> None:
    """Make a standby of a running server; `up` starts it."""
    own(to.folder.parent, USER)
    own(to.folder, USER)
    _run(to, f"{_programs()}/pg_basebackup", "-d", place.address, "-D", str(to.folder / "data"), "-R", "-c", "fast")


def dump(address: str, to: str, *options: str) -> None:
    """Bring what is in a database, schemas and rows, into another server's: dumped here and read back there."""
    programs = _programs()
    dumped = subprocess.run([f"{programs}/pg_dump", "-d", address, *options], capture_output=True, check=False)
    read = [f"{programs}/psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", to]
    done = subprocess.run(read, input=dumped.stdout, capture_output=True, check=False)
    if dumped.returncode or done.returncode:
        text = f"pg_dump or psql failed:\n{(dumped.stderr + done.stderr).decode()[-800:]}"
        raise ServerError(text)


def answers(address: str) -> bool:
    """Whether a query is answered at an address."""
    return _answers(f"{_programs()}/psql", "-d", address, "-c", "SELECT 1")


def _programs() -> Path:
    found = _installed()
    if found is None:
        install("postgresql")
        found = _installed()
    if found is None:
        text = "the package postgresql has no programs in /usr/lib/postgresql"
        raise ServerError(text)
    return found


def _installed() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def _answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(place: Place, *command: str) -> None:
    done = subprocess.run(
        as_user(USER, command), capture_output=True, text=True, check=False, cwd=place.folder, env=dict(os.environ)
    )
    if done.returncode:
        text = f"{command[0]} failed:\n{done.stderr[-800:]}"
        raise ServerError(text)
