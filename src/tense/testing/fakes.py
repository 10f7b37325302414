"""Fakes: what a test hands to a handler in place of its ports. Handlers are plain functions; call them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, overload

from typing_extensions import TypeVar

from tense.errors import NoAnswer
from tense.messages.kinds import CommandType, IsCommand, IsEvent
from tense.messages.rejection import Rejection
from tense.ports.emission import Execute

M = TypeVar("M", default=Any)
E = TypeVar("E", bound=IsEvent)
K = TypeVar("K", bound=IsCommand[Any, Any])
C = TypeVar("C", bound=IsCommand[Any, Any])
R = TypeVar("R")
X = TypeVar("X")
S = TypeVar("S")
Y = TypeVar("Y")
C_co = TypeVar("C_co", bound=IsCommand[Any, Any], covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Generic[M]):
    """One message that was published or sent, with what was said of it."""

    message: M
    id: str
    after: timedelta | None = None
    at: datetime | None = None


class Recorder(Generic[M]):
    """Stands in for `Publish[...]` or `Send[...]` and keeps what was said: `publish = Recorder[OrderPlaced]()`.

    `said` has the messages in order, `calls` the same with id, `after` and `at`.
    """

    def __init__(self) -> None:
        self.calls: list[Said[M]] = []

    @property
    def said(self) -> list[M]:
        """The messages in the order in which they were said."""
        return [call.message for call in self.calls]

    @property
    def only(self) -> M:
        """The one message that was said.

        Raises:
            AssertionError: there is none, or there are more.
        """
        if len(self.calls) != 1:
            text = f"expected one message, got {len(self.calls)}: {self.said!r}"
            raise AssertionError(text)
        return self.calls[0].message

    @overload
    def __call__(self: "Recorder[E]", event: E, /) -> None: ...
    @overload
    def __call__(
        self: "Recorder[K]",
        command: K,
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,
    ) -> str: ...
    def __call__(
        self,
        message: Any,
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the field's name everywhere
    ) -> str | None:
        """Keep the message; a command gets its id, the given one or `said-1`, `said-2`, and so on."""
        said = Said(message=message, id=id or f"said-{len(self.calls) + 1}", after=after, at=at)
        self.calls.append(said)
        return said.id


class FakeExecute(Execute[C_co]):
    """Stands in for `Execute[...]`: gives a prepared answer and keeps what was asked in `said`. Made by `answers`."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self._said: list[Any] = []

    @property
    def said(self) -> Sequence[C_co]:
        """The commands in the order in which they were executed."""
        return tuple(self._said)

    async def __call__(self: "Execute[IsCommand[S, Y]]", command: C_co, /) -> S:  # type: ignore[misc]  # as in the port
        """The prepared result; a prepared rejection or `NoAnswer` is raised."""
        fake: Any = self
        value = await fake.outcome(command)
        if isinstance(value, Rejection):
            raise value
        return value  # type: ignore[no-any-return]  # what `answers` was given

    async def outcome(self: "Execute[IsCommand[S, Y]]", command: C_co, /) -> S | Y:  # type: ignore[misc]  # as in the port
        """The prepared result, or the prepared rejection as a value."""
        fake: Any = self
        return fake._give(command)  # type: ignore[no-any-return]  # noqa: SLF001 - the self type hides the class

    def _give(self, command: Any) -> Any:
        self._said.append(command)
        answer = self._answer(command)
        if isinstance(answer, NoAnswer):
            raise answer
        return answer


class Answers(Generic[C, R, X]):
    """Takes the answer that a command is to get."""

    def __call__(self, answer: R | X | NoAnswer | Callable[[C], R | X], /) -> FakeExecute[C]:
        """A fake that answers with a result or a rejection, fails with a `NoAnswer`, or asks a function."""
        given: Any = answer
        is_function = callable(given) and not isinstance(given, type)
        return FakeExecute(given if is_function else lambda _command: given)


def answers(command: CommandType[C, R, X], /) -> Answers[C, R, X]:  # noqa: ARG001 - says which types the answer has
    """A fake for `Execute[Command]`: `answers(ChargeCard)("ref-1")`, `answers(ChargeCard)(CardDeclined())`."""
    return Answers()
