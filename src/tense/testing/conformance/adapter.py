"""Adapter: what an adapter author writes, as the properties see it."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tense.ports.records import Capabilities
from tense.ports.store import Store


class Adapter(Protocol):
    """How to open a store, how to break it, and what it claims."""

    capabilities: Capabilities

    def store(self, place: Path) -> Store:
        """A store, not open, whose whole state lives in this folder: the same folder gives the same state."""
        ...

    def copy(self, place: Path, to: Path) -> None:
        """Make what a SIGKILL at this moment would leave of one place stand at another, new one."""
        ...

    def passed(self, place: Path, seconds: float) -> None:
        """Let so much time pass for leases, where they go by a clock that is not the one the store is opened with."""
        ...

    def server(self) -> tuple[str, int]:
        """Where a remote store's server listens."""
        ...

    def through(self, place: Path, port: int) -> Store:
        """As `store`, with the server reached at this port of this machine."""
        ...

    def broken(self, place: Path) -> AbstractContextManager[None]:
        """While within, nothing can be written durably at this place."""
        ...
