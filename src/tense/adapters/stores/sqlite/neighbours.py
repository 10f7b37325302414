"""Neighbours: how the processes on one file meet: whose turn it is to write, and who is woken."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tense.adapters.stores.sqlite.lock import TurnLock
from tense.adapters.stores.sqlite.wake import Wake


class Turns(Protocol):
    """The right to write a file, passed between processes in the order of asking."""

    def try_take(self) -> bool:
        """Take the turn if nobody has it or waits for it."""
        ...

    def take(self) -> None:
        """Wait for the turn. Blocks the thread."""
        ...

    def give(self) -> None:
        """Let the next have it."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class Bell(Protocol):
    """Wakes the others on the same file. A hint: polling is the truth behind it."""

    def open(self, callback: Callable[[], None]) -> None:
        """Begin to listen and call back when woken."""
        ...

    def poke(self) -> None:
        """Wake everybody else who has this file open."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Neighbours(Protocol):
    """What a store shares with the other processes on its file."""

    @property
    def poll(self) -> float:
        """Seconds between two looks at whether somebody else wrote; the truth behind every bell."""
        ...

    def turns(self, path: Path) -> Turns:
        """The right to write."""
        ...

    def bell(self, path: Path, instance: str) -> Bell:
        """The way to wake the others."""
        ...


class Machine:
    """The other processes of this machine: a lock file, and sockets."""

    poll = 0.05

    def turns(self, path: Path) -> Turns:
        """A lock file beside the store's."""
        return TurnLock(path)

    def bell(self, path: Path, instance: str) -> Bell:
        """A socket in a private folder."""
        return Wake(path, instance)
