"""Guest: a transaction that another library opened, in which a store writes its own rows."""

from collections.abc import Sequence
from typing import Protocol

from tense.messages.envelope import Envelope
from tense.messages.settlement import Settlement
from tense.ports.delivery import Delivery, Lease


class Guest(Protocol):
    """One foreign transaction, seen from the store whose rows commit with it. `driver` is the driver's connection.

    In order: `enter`, `write`, then (after its commit) `committed`, and always `leave`.
    """

    @property
    def revoked(self) -> str | None:
        """Why the store cancelled the task that entered, if it did: the transaction was open for too long."""
        ...

    async def enter(self, driver: object) -> str | None:
        """A transaction is about to begin: wait until it may, and make sure that its commit will be durable.

        Gives the statement to begin with, where this store wants one. Called again where the transaction ended and
        another begins in the same unit of work.

        Raises:
            LeaseLostError: another worker owns the lane.
            WorkflowError: the unit of work is over, or this connection commits each statement by itself.
        """
        ...

    async def write(self, driver: object, settlement: Settlement, outgoing: Sequence[Envelope]) -> None:
        """Write mark, outcome and outgoing messages into the open transaction, fenced by the lease.

        Raises:
            LeaseLostError: another worker owns the lane, or somebody else ended this message. Roll back.
            DuplicateIdError: an outgoing id was used before with another body. Roll back.
            StoreError: it could not be written. Roll back.
        """
        ...

    def committed(self) -> None:
        """It is committed: tell this process, and the others, what came of it."""
        ...

    def lost(self) -> None:
        """It is not known to be committed: the lane must be read again from what is."""
        ...

    def leave(self) -> None:
        """The foreign connection is given back, however it ended: others may go on. A second call does nothing."""
        ...


class Guests(Protocol):
    """What a store with `Capabilities.sessions` offers to foreign sessions."""

    async def recognise(self, driver: object) -> None:
        """Make sure that a connection leads to this very store, and can carry its promises.

        Raises:
            StoreUnusableError: it leads elsewhere, or commits each statement by itself.
            NotSupportedError: this store cannot write through such a driver.
        """
        ...

    def guest(self, delivery: Delivery, lease: Lease) -> Guest:
        """A foreign transaction for a delivery under its lease. Costs nothing until it is entered."""
        ...
