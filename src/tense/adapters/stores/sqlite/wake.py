"""Waking other processes on the same file: a datagram that says nothing but "look". Polling is the truth behind it."""

import asyncio
import contextlib
import os
import socket
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path


class Wake:
    """One socket per process in a private folder that the file's path leads to; all others there are woken."""

    def __init__(self, path: Path, instance: str) -> None:
        self._socket: socket.socket | None = None
        self._folder = folder_for(path)
        self._mine = self._folder / f"{instance}.sock"
        self._others: list[str] = []
        self._seen = -1

    def open(self, callback: Callable[[], None]) -> None:
        """Begin to listen and call back when woken; without Unix sockets this does nothing."""
        if not hasattr(socket, "AF_UNIX") or len(os.fsencode(self._mine)) > 100:  # noqa: PLR2004 - the kernel's limit is 107
            return
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sock.settimeout(0)
            sock.bind(str(self._mine))
        except OSError:
            return
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock, self._drain, callback)

    def poke(self) -> None:
        """Wake everybody else who has this file open."""
        if self._socket is None:
            return
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed != self._seen:
                self._others = [str(other) for other in self._folder.iterdir() if other != self._mine]
                self._seen = changed
        except OSError:
            return
        for other in self._others:
            self._poke(other)

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            with contextlib.suppress(OSError):
                self._mine.unlink()

    def _poke(self, other: str) -> None:
        assert self._socket is not None
        try:
            self._socket.sendto(b"", other)
        except BlockingIOError:
            pass
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(OSError):
                Path(other).unlink()
        except OSError:
            pass

    def _drain(self, callback: Callable[[], None]) -> None:
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError, OSError):
            while True:
                self._socket.recv(16)
        callback()


def nudge(path: Path) -> None:
    """Wake everybody who has this file open, from a process that has no place of its own among them."""
    folder = folder_for(path)
    if not hasattr(socket, "AF_UNIX") or not folder.is_dir():
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0)
        for other in folder.iterdir():
            # A full buffer is awake already, and who is gone is tidied away by its colleagues.
            with contextlib.suppress(OSError):
                sock.sendto(b"", str(other))


def folder_for(path: Path) -> Path:
    """The private folder of a store's sockets."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"tense-{owner}-{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
