"""The turn between processes: a lock file, so that waiting costs no polling and nobody starves.

SQLite's own lock is unfair: who asks again at once nearly always wins. Here a process that wants to write first takes the
waiting room, then the turn, then leaves the waiting room: whoever waits gets the turn before its last owner can have it
again. A dying process lets go of both. Where there is no flock, SQLite's lock serves alone.
"""

import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]  # asked for before each use


class TurnLock:
    """The right to write a file, passed between processes in the order of asking."""

    def __init__(self, path: Path) -> None:
        self._files: list[IO[bytes]] = []
        if fcntl is not None:
            folder = path.parent
            for name in ("turn", "next"):
                place = folder / f"{path.name}-{name}"
                self._files.append(os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0))

    def try_take(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        if not self._files:
            return True
        turn, room = self._files
        if not _flock(room, wait=False):
            return False
        try:
            return _flock(turn, wait=False)
        finally:
            fcntl.flock(room, fcntl.LOCK_UN)

    def take(self) -> None:
        """Wait for the turn. Blocks the thread."""
        if not self._files:
            return
        turn, room = self._files
        fcntl.flock(room, fcntl.LOCK_EX)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
        finally:
            fcntl.flock(room, fcntl.LOCK_UN)

    def give(self) -> None:
        """Let the next have it."""
        if self._files:
            fcntl.flock(self._files[0], fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of everything."""
        for file in self._files:
            file.close()
        self._files = []


def _flock(file: IO[bytes], *, wait: bool) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
