"""Joining: writing messages within a transaction that the user has open."""

from collections.abc import Callable, Sequence
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

    def said(self) -> Callable[[], bool]:
        """Note where in the transaction something is said; the answer tells at the end whether that part still stands.

        A savepoint that was rolled back meanwhile took what was said within it along. A connection that does not tell of
        its savepoints always answers True.
        """
        ...

    def leave(self) -> None:
        """Watch nothing any more: the block is over, however it ended. A second call does nothing."""
        ...

    def wake(self) -> None:
        """Tell workers that something was committed. A hint that may be lost; never raises, and blocks for nobody.

        Nothing happens where the database tells them by itself.
        """
        ...


def always() -> bool:
    """The answer of a connection that does not tell of its savepoints."""
    return True
