"""Ticket: a claim on an outcome."""

from typing import TYPE_CHECKING, Any, Generic, Never

from typing_extensions import TypeVar

from tense.messages.rejection import Rejection
from tense.ports.records import Standing

if TYPE_CHECKING:
    from tense.runtime.client import Client

R_co = TypeVar("R_co", covariant=True, default=None)
X_co = TypeVar("X_co", covariant=True, default=Never)


class Ticket(Generic[R_co, X_co]):
    """A claim on the outcome of one sent command; another process makes it again from the id."""

    def __init__(self, client: "Client", command: type, message_id: str) -> None:
        self._client = client
        self._command = command
        self.id = message_id

    def __repr__(self) -> str:
        return f"Ticket({self._command.__name__}, {self.id!r})"

    async def result(self, *, timeout: float = 30.0) -> R_co:
        """The result, waiting for it at most `timeout` seconds.

        Raises:
            Rejection: it was refused.
            NoAnswer: it failed, expired or was cancelled.
            OutcomeUnknown: it has not ended, or the id is not known (any more).
        """
        value: Any = await self.outcome(timeout=timeout)
        if isinstance(value, Rejection):
            raise value
        return value  # type: ignore[no-any-return]  # typed by the ticket

    async def outcome(self, *, timeout: float = 30.0) -> R_co | X_co:
        """The result, or the rejection as a value, waiting for it at most `timeout` seconds.

        Raises:
            NoAnswer: it failed, expired or was cancelled.
            OutcomeUnknown: it has not ended, or the id is not known (any more).
        """
        value: Any = await self._client.answer(self._command, self.id, timeout)
        return value  # type: ignore[no-any-return]  # typed by the ticket

    async def standing(self) -> Standing | None:
        """Where the command stands now; None if the id is not known (any more)."""
        return await self._client.standing(self.id)

    async def cancel(self) -> bool:
        """End the command if it is not started. False if it is too late."""
        return await self._client.cancel(self.id)
