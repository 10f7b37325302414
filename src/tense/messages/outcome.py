"""Outcome: what became of a command, as it is recorded and told."""

from typing import Generic, TypeAlias

import msgspec
from typing_extensions import TypeVar

from tense.errors import CommandCancelled, CommandExpired, CommandFailed

Unsuccessful: TypeAlias = CommandFailed | CommandExpired | CommandCancelled
"""How a command may end besides its result and its declared rejections."""


class Completed(msgspec.Struct, frozen=True, tag="completed", tag_field="outcome", gc=False):
    """It was done; `result` is the encoded result."""

    result: msgspec.Raw


class Rejected(msgspec.Struct, frozen=True, tag="rejected", tag_field="outcome"):
    """It was refused; `name` is the rejection's class, `fields` its encoded fields."""

    name: str
    fields: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag="failed", tag_field="outcome"):
    """It failed for good and is among the dead letters."""

    reason: str


class Expired(msgspec.Struct, frozen=True, tag="expired", tag_field="outcome"):
    """Its deadline passed before it was started."""

    reason: str = ""


class Cancelled(msgspec.Struct, frozen=True, tag="cancelled", tag_field="outcome"):
    """It was cancelled before it was started."""

    reason: str = ""


Outcome: TypeAlias = Completed | Rejected | Failed | Expired | Cancelled
"""Every way a command may end; exactly one is recorded for each accepted command."""

C = TypeVar("C")
O = TypeVar("O")  # noqa: E741 - the letter of its word, in the row C, E, R, X


class Concluded(msgspec.Struct, Generic[C, O], frozen=True, kw_only=True):
    """What a service hears of a command it sent: the command, its id, and how it ended.

    `outcome` is the result, a rejection, or one of `Unsuccessful` as a value.
    """

    id: str
    command: C
    outcome: O
