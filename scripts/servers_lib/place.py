"""Place: the private folder of one server, its process and its port."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

FIRST, LAST = 20_000, 29_999
"""Ports are taken from here: the kernel gives 32768 and above to outgoing connections."""


BEGAN = 19
"""Where the kernel says when a process began, after its state."""


class ServerError(Exception):
    """A server could not be installed, started or stopped."""


class Place:
    """One server's folder: data, log, pid and address. Whoever owns it is told by `user`."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self.folder = home / name
        self.log = self.folder / "log"
        self._pid = self.folder / "pid"
        self._address = self.folder / "address"
        self.environment: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        """Set where this very process started it: it must then be waited for, too."""

    @property
    def pid(self) -> int:
        """The recorded process; 0 if there is none."""
        return int(self._recorded[0]) if self._recorded else 0

    @property
    def _recorded(self) -> list[str]:
        """The process and when it began; a number alone may be another's by now."""
        return self._pid.read_text().split() if self._pid.exists() else []

    @property
    def address(self) -> str:
        """The address that was recorded."""
        return self._address.read_text().strip() if self._address.exists() else ""

    def port(self) -> int:
        """The port it had before, if it is free: a server that comes back is found where it was."""
        before = self.address.rpartition(":")[2].partition("/")[0]
        return free_port(int(before) if before.isdecimal() else 0)

    @property
    def alive(self) -> bool:
        """Whether the recorded process runs, and is the one that was started here."""
        number, *began = self._recorded or ["0"]
        line = Path(f"/proc/{number}/cmdline")
        named = line.exists() and str(self.folder).encode() in line.read_bytes()
        return named and began in ([], _stat(int(number))[BEGAN:][:1])

    def record_address(self, address: str) -> None:
        """Remember where it answers."""
        self._address.write_text(f"{address}\n")

    def start(self, command: Sequence[str], ready: Callable[[], bool], *, user: str = "", limit: float = 30.0) -> None:
        """Start a process of its own session and return when it answers its protocol.

        Raises:
            ServerError: it ended, or did not answer in time; the end of its log is told.
        """
        with self.log.open("ab") as out:
            process = self.process = subprocess.Popen(
                as_user(user, command),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )
        self._pid.write_text(" ".join([str(process.pid), *_stat(process.pid)[BEGAN:][:1]]) + "\n")
        end = time.monotonic() + limit
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
                text = f"{self.name} does not answer; the end of {self.log}:\n{tail}"
                raise ServerError(text)
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT, limit: float = 20.0) -> bool:
        """Stop the recorded process and wait for its end; False if it did not run."""
        if not self.alive:
            self._pid.unlink(missing_ok=True)
            return False
        pid = self.pid
        os.kill(pid, how)
        end = time.monotonic() + limit
        while self.alive and not _is_zombie(pid):
            if time.monotonic() > end:
                text = f"{self.name} (pid {pid}) does not end"
                raise ServerError(text)
            time.sleep(0.05)
        self._pid.unlink(missing_ok=True)
        return True


def as_user(user: str, command: Sequence[str]) -> list[str]:
    """A command as an unprivileged user, keeping its pid; unchanged if this process is unprivileged itself."""
    if not user or os.geteuid() != 0:
        return list(command)
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command]


def own(folder: Path, user: str) -> None:
    """Make a folder and give it to a user, and let that user through the folders above within the project."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def home_of(project: Path) -> Path:
    """Where servers live: in the project, or beside it where an unprivileged user could not reach into the project."""
    inside = project / ".servers"
    reachable = all(folder.stat().st_mode & 0o001 for folder in (project, *project.parents))
    if os.geteuid() != 0 or reachable:
        return inside
    return Path("/var/tmp") / f"tense-servers-{sha256(str(project).encode()).hexdigest()[:12]}"


def free_port(wanted: int = 0) -> int:
    """A port on loopback that nobody listens on, below those that the kernel gives away; the wanted one if it is."""
    for port in (wanted or FIRST, *range(FIRST + os.getpid() % 5_000, LAST)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    text = f"no free port between {FIRST} and {LAST}"
    raise ServerError(text)


def install(*packages: str) -> None:
    """Install Debian packages.

    Raises:
        ServerError: this machine has no apt, or it failed.
    """
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (root and shutil.which("sudo") is None):
        text = f"{' '.join(packages)} is not installed here and cannot be: install it by hand (Debian's name)"
        raise ServerError(text)
    print(f"installing {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "--no-install-recommends", *packages]):
        done = subprocess.run([*root, *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            text = f"{' '.join(command)} failed:\n{done.stderr[-800:]}"
            raise ServerError(text)


def _is_zombie(pid: int) -> bool:
    return _stat(pid)[:1] in ([], ["Z"])


def _stat(pid: int) -> list[str]:
    """What the kernel tells of a process, from its state on; nothing if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
