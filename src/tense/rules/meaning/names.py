"""What the rules on names share: which messages they look at, and how a sight of a name is made."""

from collections.abc import Iterator

from tense.rules.meaning.finding import Severity, Sight
from tense.rules.meaning.graph import Kind, Message
from tense.rules.meaning.index import Index
from tense.rules.naming.forms import as_command, as_event, base_of
from tense.rules.naming.lexicon import irregular_pasts, pure_verbs
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


_ORDERS = 0.85
_ORDERS_WITH_A_NOUN = 0.93


def imperative(index: Index, message: Message) -> Severity | None:
    """How gravely the name is an order: an error where grammar and reading agree, None where it is none."""
    signs, reading = index.signs[message.name], index.readings[message.name]
    if signs.mood != "imperative":
        return None
    if reading.kind == "command" and reading.confidence >= (_ORDERS if signs.certain else _ORDERS_WITH_A_NOUN):
        return "error" if signs.certain else "warning"
    return "warning" if signs.certain and reading.kind == "ambiguous" and len(signs.words) > 1 else None


def past(signs: Signs) -> bool:
    """True where the name is certainly a fact: a past form that is no base form, and no order before it."""
    verb = signs.verb or ""
    inflected = verb.endswith("ed") or (verb in irregular_pasts() and base_of(verb) != verb)
    opens = signs.words[:1] == (verb,)
    ordered = not opens and bool(signs.words) and signs.words[0] in pure_verbs()
    return signs.mood == "past" and inflected and not ordered and len(signs.words) > 1


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
        subject=message.name,
        service=message.owner,
        place=message.place,
        text=text,
        mend=mend,
        severity=severity,
    )
