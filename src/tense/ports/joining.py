"""Joining: writing messages within a transaction that the user has open."""

from collections.abc import Sequence
from typing import Protocol

from tense.messages.envelope import Envelope


class Joint(Protocol):
    """Writes messages through the user's own connection or session; it begins and commits nothing."""

    def write(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """Write messages with their lanes, within the open transaction.

        Raises:
            WorkflowError: no transaction is open, so that they could not commit with anything.
            StoreUnusableError: this database has no tables of Tense.
            DuplicateIdError: an id was used before with another body.
            NotSupportedError: this connection must be awaited: use `async with`.
        """
        ...

    async def write_async(self, envelopes: Sequence[tuple[Envelope, int]], now: float) -> None:
        """As `write`, for connections that are awaited."""
        ...
