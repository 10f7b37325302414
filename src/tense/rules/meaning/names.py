"""What the rules on names share: which messages they look at, and how a sight of a name is made."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Severity, Sight
from tense.rules.meaning.graph import Kind, Message
from tense.rules.meaning.index import Index
from tense.rules.naming.forms import as_command, as_event
from tense.rules.naming.signs import Signs

CLAIMED = frozenset({"declared", "suffix", "use"})
"""Grounds on which a kind may contradict the name: anything but the name itself."""


def claimed(index: Index, kind: Kind) -> Iterator[tuple[Message, Signs]]:
    """Messages whose source says, in whatever way but the name's mood, that they are of the kind."""
    for name, message in index.messages.items():
        taken = index.kinds[name]
        if taken.kind == kind and taken.ground in CLAIMED:
            yield message, index.signs[name]


def taken_for(index: Index, *kinds: Kind) -> Iterator[tuple[Message, Signs]]:
    """Messages that are of one of the kinds on any ground."""
    for name, message in index.messages.items():
        if index.kinds[name].kind in kinds:
            yield message, index.signs[name]


def fact(message: Message) -> str:
    """The name as an event, in quotes of a sentence; a general example where none can be made."""
    better = as_event(message.written)
    return better if better and better != message.written else "Subject + past participle"


def order(message: Message) -> str:
    """The name as a command; a general example where none can be made."""
    better = as_command(message.written)
    return better if better and better != message.written else "Verb + object"


def seen(message: Message, text: str, mend: str, *, severity: Severity | None = None) -> Sight:
    """A sight of a name, at the place where the message is declared."""
    return Sight(
        subject=message.name, service=message.owner, place=message.place, text=text, mend=mend, severity=severity
    )
