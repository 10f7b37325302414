"""What the rules on bodies share: the events that have one, and how a sight of a body is made."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Severity, Sight
from tense.rules.meaning.graph import Field, Message
from tense.rules.meaning.index import Index


def events(index: Index) -> Iterator[tuple[Message, tuple[Field, ...]]]:
    """Events whose body is known and not empty, with its fields."""
    for event in index.events:
        if event.fields:
            yield event, event.fields


def sight(
    message: Message,
    text: str,
    mend: str,
    *,
    field: Field | None = None,
    severity: Severity | None = None,
) -> Sight:
    """A sight of a body, at the field it is about, or else at the message."""
    return Sight(
        subject=message.name,
        service=message.owner,
        place=(field.place if field else None) or message.place,
        text=text,
        mend=mend,
        severity=severity,
    )
