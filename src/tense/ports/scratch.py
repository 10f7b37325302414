"""Scratch: a database that lives as long as the process, for stores that keep no rows themselves."""

from typing import Any, Protocol

from tense.ports.transaction import Snapshot, Transaction


class Turn(Protocol):
    """One handler's use of a scratch database; the face it is given, and how it ends."""

    begun: bool

    def transaction(self) -> Transaction:
        """The database as the handler sees it; its first use waits for the turn."""
        ...

    async def driver(self, kind: type) -> Any:
        """The driver's own connection, within the turn."""
        ...

    def keep(self) -> None:
        """Commit what was written and let go. Without a turn it does nothing."""
        ...

    def undo(self) -> None:
        """Undo what was written and let go. Without a turn it does nothing."""
        ...


class Scratch(Protocol):
    """A database in memory that gives one handler at a time its turn."""

    drivers: tuple[type, ...]

    def turn(self) -> Turn:
        """A turn that is not taken yet."""
        ...

    def snapshot(self) -> Snapshot:
        """Reads of what is committed."""
        ...

    def close(self) -> None:
        """Forget everything."""
        ...
