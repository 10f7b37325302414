"""Retry: try again, when, or give up."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from tense.errors import DefinitionError, DuplicateIdError, UndecodableError, WorkflowError
from tense.messages.rejection import Rejection


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently a handler is tried again.

    `attempts` counts every start, the first included. The wait before attempt n + 1 lies between half of and the whole
    `first * factor ** (n - 1)`, at most `longest`. With `only`, other errors are not retried; `never` names errors that
    are not, whatever `only` says.

    Raises:
        DefinitionError: a figure that makes no sense.
    """

    attempts: int = 8
    first: timedelta = timedelta(milliseconds=500)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=5)
    only: tuple[type[BaseException], ...] = ()
    never: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            text = f"Retry(attempts={self.attempts}): a handler is started at least once."
            raise DefinitionError(text)
        if self.first <= timedelta(0) or self.longest < self.first or not self.factor >= 1:
            text = "Retry: `first` is positive, `longest` not shorter than it, and `factor` at least 1."
            raise DefinitionError(text)


class TryAgain(msgspec.Struct, frozen=True):
    """Try again after this many seconds."""

    after: float


class GiveUp(msgspec.Struct, frozen=True):
    """Give up, for this reason (one of those in `REASONS`)."""

    reason: str


Step: TypeAlias = TryAgain | GiveUp

REASONS = {
    "exhausted": "every attempt failed",
    "crashed": "its worker died with it in hands too often",
    "not-retried": "its retry policy excludes this error",
    "undecodable": "its bytes are not such a message",
    "no-handler": "nobody here knows this type or version",
    "undeclared-rejection": "the handler refused it with a rejection that the command does not declare",
    "rule-broken": "the handler broke a rule of delivery, and would again",
    "returned-value": "a subscriber returned a value; an event gets no answer",
    "too-large": "its body is over the limit",
    "not-deterministic": "a retry executed another command under the same id",
}
"""Why a message is given up, in the words a dead letter shows."""


HOPELESS: Mapping[type[BaseException], str] = MappingProxyType(
    {
        UndecodableError: "undecodable",
        Rejection: "undeclared-rejection",
        DuplicateIdError: "not-deterministic",
    }
)
"""Errors that would be the same again, whatever the policy says, and the reason they are given up for."""


def after_failure(policy: Retry, attempt: int, error: BaseException, chance: float) -> Step:
    """What follows from the failure of attempt number `attempt`. `chance` in [0, 1) is the jitter."""
    if isinstance(error, WorkflowError):
        return GiveUp(error.reason)
    for hopeless, reason in HOPELESS.items():
        if isinstance(error, hopeless):
            return GiveUp(reason)
    if isinstance(error, policy.never) or (policy.only and not isinstance(error, policy.only)):
        return GiveUp("not-retried")
    if attempt >= policy.attempts:
        return GiveUp("exhausted")
    return TryAgain(wait_before(policy, attempt, chance))


def wait_before(policy: Retry, attempt: int, chance: float) -> float:
    """Seconds to wait after attempt number `attempt`: exponential, capped, half of it jitter."""
    longest = policy.longest.total_seconds()
    exponent = min(attempt - 1, 64)
    whole = min(longest, policy.first.total_seconds() * policy.factor**exponent)
    return whole * (0.5 + chance / 2)


UNKNOWN_TYPE = Retry(attempts=16, first=timedelta(seconds=1), factor=2.0, longest=timedelta(minutes=5))
"""How long a type or version nobody here knows is kept for a newer colleague: about half an hour."""
