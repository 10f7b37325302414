"""What a parser of JSON or YAML says, one thing after the other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A mapping, or else a sequence, begins."""

    line: int
    mapping: bool
    anchor: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The innermost mapping or sequence ends."""

    line: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, truth value or null: a key or a value."""

    line: int
    value: object
    anchor: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """The value of an anchor stands here."""

    line: int
    name: str


Event = Start | Stop | Scalar | Alias


class UnreadableError(Exception):
    """A text cannot be read as data; `text` says why in a part of a sentence whose subject is the file."""

    def __init__(self, text: str, line: int | None = None) -> None:
        super().__init__(text)
        self.text, self.line = text, line
