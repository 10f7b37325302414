"""Publish, Send, Execute: what a handler may say. Its signature is the topology.

A handler is given exactly the ports it asks for, bound to its own unit of work. Called outside of the handler they
were given to, or after it ended, each raises `WorkflowError`.
"""

from datetime import datetime, timedelta
from typing import Any, Generic, Protocol

from typing_extensions import TypeVar

from tense.messages.kinds import IsCommand, IsEvent

E_contra = TypeVar("E_contra", bound=IsEvent, contravariant=True)
C_contra = TypeVar("C_contra", bound=IsCommand[Any, Any], contravariant=True)
C_co = TypeVar("C_co", bound=IsCommand[Any, Any], covariant=True)
S = TypeVar("S")
Y = TypeVar("Y")


class Publish(Protocol[E_contra]):
    """Says that something happened: `Publish[OrderPlaced | OrderCancelled]`, events of one's own service."""

    def __call__(self, event: E_contra, /) -> None:
        """Publish with the unit of work: it leaves when the handler's writes commit, or not at all.

        Raises:
            WorkflowError: the handler is over, or the event is none that its signature declares.
            UnencodableError: its content does not fit the codec.
        """
        ...


class Send(Protocol[C_contra]):
    """Asks for something without waiting: `Send[ShipOrder]`."""

    def __call__(
        self,
        command: C_contra,
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the field's name everywhere
    ) -> str:
        """Send with the unit of work; gives the command's id at once.

        `after` or `at` make it a timer: it is not handled before. `id` makes it idempotent.

        Raises:
            WorkflowError: the handler is over, or the command is none that its signature declares.
            UnencodableError: its content does not fit the codec.
        """
        ...


class Execute(Protocol, Generic[C_co]):  # type: ignore[misc]  # covariant on purpose: C is only what it takes
    """Asks for something and waits for the answer: `charge: Execute[ChargeCard]`, one command.

    Only before the handler's first use of its Transaction: who waits holds nothing. The child's id is derived from the
    parent's, so that a retried parent gets the first outcome; its deadline lies within the parent's rest.
    """

    async def __call__(self: "Execute[IsCommand[S, Y]]", command: C_co, /) -> S:  # type: ignore[misc]  # as above
        """Execute and give the result.

        Raises:
            Rejection: the command was refused; unless the handler declares the same rejection, letting it escape is a
                failure that is not retried.
            NoAnswer: it failed, expired or was cancelled.
            WorkflowError: the Transaction was used before, or the handler is not deterministic.
        """
        ...

    async def outcome(self: "Execute[IsCommand[S, Y]]", command: C_co, /) -> S | Y:  # type: ignore[misc]  # as above
        """Execute and give the result, or the rejection as a value.

        Raises:
            NoAnswer: it failed, expired or was cancelled.
            WorkflowError: the Transaction was used before, or the handler is not deterministic.
        """
        ...
