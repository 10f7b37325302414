"""Answers: from what a handler returned to an outcome, and from an outcome to what the sender gets."""

import dataclasses
import typing
from functools import cache
from typing import Any, TypeAlias

import msgspec

from tense.errors import CommandCancelled, CommandExpired, CommandFailed, NoAnswer, UndecodableError, WorkflowError
from tense.messages.outcome import Cancelled, Completed, Expired, Failed, Outcome, Rejected
from tense.messages.rejection import Rejection, fields_of
from tense.ports.codec import Codec
from tense.rules.routing import Answers, answers_of

WithoutResult: TypeAlias = Rejected | Failed | Expired | Cancelled
"""What a command without a result ended with."""

NOTHING = Completed(msgspec.Raw(b"null"))

ENDINGS: dict[type, type[NoAnswer]] = {Failed: CommandFailed, Expired: CommandExpired, Cancelled: CommandCancelled}


class Answering:
    """Encodes and decodes what commands are answered with."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._encode = codec.encode
        self._answers: dict[type, Answers] = {}

    def of(self, command: type) -> Answers:
        """What a command declares, remembered."""
        try:
            return self._answers[command]
        except KeyError:
            found = self._answers[command] = answers_of(command)
            return found

    def outcome(self, command: type, returned: object) -> Outcome:
        """The outcome of a command whose handler returned this.

        Raises:
            Rejection: it returned one that the command does not declare.
            UnencodableError: what it returned does not fit the codec.
        """
        if not isinstance(returned, Rejection):
            return NOTHING if returned is None else Completed(msgspec.Raw(self._encode(returned)))
        rejected = self.rejected(command, returned)
        if rejected is None:
            raise returned
        return rejected

    def declares(self, command: type, rejection: Rejection) -> bool:
        """Whether a command says that it may be refused so."""
        return self.of(command).rejections.get(type(rejection).__name__) is type(rejection)

    def rejected(self, command: type, rejection: Rejection) -> Rejected | None:
        """The outcome of a command that was refused; None if the command does not declare this rejection."""
        if not self.declares(command, rejection):
            return None
        return Rejected(type(rejection).__name__, msgspec.Raw(self._codec.encode(fields_of(rejection))))

    def result(self, command: type, message_id: str, wire_name: str, outcome: Outcome) -> Any:
        """The result that an outcome stands for.

        Raises:
            Rejection, NoAnswer: it stands for this instead.
            UndecodableError: it is recorded with a result or rejection that this code does not know.
        """
        if not isinstance(outcome, Completed):
            raise self._instead(command, message_id, wire_name, outcome)
        answers = self._answers.get(command) or self.of(command)
        if outcome is NOTHING or answers.result is None:
            return None
        return self._codec.decode(outcome.result, answers.result, strict=False)

    def answer(self, command: type, message_id: str, wire_name: str, outcome: Outcome) -> Any:
        """As `result`, but a rejection is given as a value."""
        if isinstance(outcome, Rejected):
            return self._instead(command, message_id, wire_name, outcome)
        return self.result(command, message_id, wire_name, outcome)

    def value(self, command: type, message_id: str, wire_name: str, outcome: Outcome) -> Any:
        """As `answer`, but a `NoAnswer` is given as a value, too."""
        if isinstance(outcome, Completed):
            return self.result(command, message_id, wire_name, outcome)
        return self._instead(command, message_id, wire_name, outcome)

    def _instead(self, command: type, message_id: str, wire_name: str, outcome: WithoutResult) -> Rejection | NoAnswer:
        """What there is instead of a result."""
        if isinstance(outcome, Rejected):
            cls: Any = self.of(command).rejections.get(outcome.name)
            if cls is None:
                text = (
                    f"{wire_name} was refused with {outcome.name}, which this version of its contract does not declare"
                )
                raise UndecodableError(text)
            rejection: Rejection = cls(**self._codec.decode(outcome.fields, fields_type(cls), strict=False))
            return rejection
        return ENDINGS[type(outcome)](message_id, wire_name, outcome.reason)


@cache
def fields_type(rejection: Any) -> Any:
    """A typed dict of a rejection's fields, so that they are decoded as they are annotated."""
    hints = typing.get_type_hints(rejection)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(rejection) if dataclasses.is_dataclass(rejection) else ():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        fields[field.name] = hints[field.name] if required else typing.NotRequired[hints[field.name]]
    make: Any = typing.TypedDict
    return make(f"{rejection.__name__}Fields", fields)


def refuse_return(where: str, returned: object) -> None:
    """A subscriber that returned something."""
    text = f"{where} returned {type(returned).__name__}: a subscriber returns nothing; nobody waits for its answer"
    raise WorkflowError(text, "returned-value")
