"""What the writer asks of others: the holder of a turn, and the store around each group."""

import sqlite3
from typing import Protocol

from tense.errors import StoreError


class Holder(Protocol):
    """Who has the turn within the group."""

    def revoke(self, why: str) -> None:
        """It kept the turn for too long."""
        ...


class Hooks(Protocol):
    """What the store does around groups."""

    def opened(self, connection: sqlite3.Connection) -> None:
        """A group begins: see who else wrote meanwhile."""
        ...

    def looked_at(self, connection: sqlite3.Connection) -> None:
        """Somebody may look at what is in the group: write what was put off, but for cursors."""
        ...

    def closing(self, connection: sqlite3.Connection) -> None:
        """A group is about to be committed: write what was put off."""
        ...

    def committed(self) -> None:
        """It is durable."""
        ...

    def undone(self, error: StoreError) -> None:
        """It could not be made durable; all of it is undone."""
        ...
