"""Names that the grammar alone judges: two honest readings, nothing said, or something asked."""

from collections.abc import Callable
from typing import Literal

import msgspec

from tense.rules.naming.lexicon import section
from tense.rules.naming.phrase import Phrase
from tense.rules.naming.signs import is_hook

ReadsAs = Literal["command", "event", "query", "ambiguous", "neither"]

_PAIR = 2


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A kind, how sure it is, and why."""

    kind: ReadsAs
    confidence: float
    why: str


def quoted(word: str) -> str:
    """A word as it stands in a sentence."""
    return f'"{word}"'


def ambiguous(why: str, confidence: float = 0.8) -> Verdict:
    """Both readings are honest."""
    return Verdict(kind="ambiguous", confidence=confidence, why=why)


def _neither(why: str, confidence: float = 0.8) -> Verdict:
    return Verdict(kind="neither", confidence=confidence, why=why)


def _says_nothing(grammar: Phrase) -> Verdict | None:
    if not grammar.words:
        return _neither("There is no word in it.", 0.95)
    if not any(letter.isalpha() for word in grammar.words for letter in word.text):
        return _neither("There is no word in it.", 0.95)
    return None


def _is_foreign(grammar: Phrase) -> Verdict | None:
    words = [word for word in grammar.words if word.foreign and not word.verb]
    if not words or (len(words) == 1 and len(grammar.words) > _PAIR and grammar.mood == "imperative"):
        return None
    return ambiguous(f"{quoted(words[0].text)} is not English, and other languages are not judged.", 0.7)


def _is_code(grammar: Phrase) -> Verdict | None:
    """A call-back or a class that handles a message, not a message."""
    words = grammar.words
    first, last = words[0].text, words[-1].text
    if first == "on" and grammar.begin == 1:
        return _neither("It begins with On, as the call-back for an event does.")
    handles = last in {"handler", "listener", "subscriber", "consumer"}
    if handles and grammar.mood == "noun" and len(words) > 1:
        return _neither(f"It ends in {quoted(last)}: a class that deals with a message, not a message.")
    inside = len(words) > _PAIR and grammar.at is not None and grammar.at < len(words) - 1
    if inside and (handles or (last in section("class-tails") and grammar.mood == "past" and words[-2].past)):
        return _neither(f"It ends in {quoted(last)}: a class that deals with a message, not a message.")
    return None


def _is_query(grammar: Phrase) -> Verdict | None:
    suffix = grammar.split.suffix
    if suffix == "query":
        return Verdict(kind="query", confidence=0.95, why="It ends in Query.")
    if grammar.mood != "query":
        return None
    verb = grammar.words[grammar.begin].text
    if suffix == "event":
        return ambiguous(f"{quoted(verb)} asks, and the suffix says event.")
    return Verdict(kind="query", confidence=0.92, why=f"{quoted(verb)} asks for something and changes nothing.")


def _is_base_past(grammar: Phrase) -> Verdict | None:
    if grammar.at is None or grammar.mood != "unknown":
        return None
    word = grammar.words[grammar.at]
    if word.base_past or word.trap:
        return ambiguous(f"{quoted(word.text)} is base form and past in one, and nothing beside it decides.", 0.9)
    return None


def _is_future(grammar: Phrase) -> Verdict | None:
    going_on = any(word.text == "being" for word in grammar.words)
    if (grammar.mood == "future" or going_on) and grammar.split.suffix is None:
        return ambiguous("It speaks of what is not done yet: not a fact, and not said to anyone.")
    return None


def _is_modal(grammar: Phrase) -> Verdict | None:
    modal = next((word.text for word in grammar.words if word.text in section("modals")), None)
    if modal and grammar.mood not in {"imperative", "query"} and grammar.split.suffix is None:
        return ambiguous(f"{quoted(modal)} says what may be, not what was done: an answer rather than a message.")
    return None


def _is_half_query(grammar: Phrase) -> Verdict | None:
    if grammar.mood != "imperative" or grammar.split.suffix is not None or len(grammar.words) < _PAIR:
        return None
    verb, follows = (
        grammar.words[grammar.begin],
        grammar.words[min(grammar.begin + 1, len(grammar.words) - 1)],
    )
    if verb.text in section("half-queries") and not follows.particle:
        return ambiguous(f"{quoted(verb.text)} may act or only ask.", 0.75)
    return None


def _is_single(grammar: Phrase) -> Verdict | None:
    if len(grammar.split.words) != 1 or grammar.split.suffix is not None:
        return None
    word = grammar.words[0]
    if grammar.mood == "noun" or (grammar.mood == "unknown" and word.noun_first):
        return _noun(grammar)
    if grammar.mood == "unknown":
        return ambiguous(f"{quoted(word.text)} alone is verb and noun.")
    if grammar.mood == "gerund" or (grammar.mood == "imperative" and grammar.split.style in {"lower", "dotted"}):
        return ambiguous(f"{quoted(word.text)} alone says neither who nor when.", 0.7)
    return None


def _noun(grammar: Phrase) -> Verdict | None:
    last = grammar.words[-1].text
    if last in {
        "processing",
        "onboarding",
        "monitoring",
        "planning",
        "polling",
        "recording",
        "streaming",
        "training",
        "underwriting",
    }:
        return ambiguous(f"{quoted(last)} may be going on, or the name of an activity.", 0.7)
    return _neither("It names a thing; no word in it says a doing or a happening.", 0.75)


def _is_noun(grammar: Phrase) -> Verdict | None:
    if grammar.mood != "noun" or grammar.split.suffix is not None:
        return None
    opener = grammar.words[grammar.begin]
    if opener.homograph and len(grammar.words) > 1 and grammar.words[-1].text not in section("gerund-nouns"):
        return ambiguous(f"{quoted(opener.text)} in front of a noun may be a verb or a noun.", 0.7)
    return _noun(grammar)


def _is_contradiction(grammar: Phrase) -> Verdict | None:
    suffix = grammar.split.suffix
    if suffix == "event" and grammar.mood == "imperative" and not is_hook(grammar):
        verb = grammar.words[grammar.begin]
        if verb.pure or verb.base_past or len(grammar.words) > 1:
            return ambiguous(f"{quoted(verb.text)} tells someone to do something, and the suffix says event.", 0.85)
    if suffix == "command" and grammar.mood == "past" and grammar.at is not None:
        return ambiguous(f"{quoted(grammar.words[grammar.at].text)} is past, and the suffix says command.", 0.85)
    return None


def _is_topic(grammar: Phrase) -> Verdict | None:
    """A segment `event` or `command` in a topic, against the verb behind it."""
    kind = grammar.split.topic_kind
    says: Literal["command", "event"] | None = (
        "command" if grammar.verb_last or grammar.mood == "imperative" else "event" if grammar.mood == "past" else None
    )
    if kind not in {"command", "event"} or says is None or grammar.at is None:
        return None
    verb = quoted(grammar.words[grammar.at].text)
    if says != kind:
        return ambiguous(f"Its segment says {kind}, and {verb} says {says}.", 0.85)
    return Verdict(kind=says, confidence=0.95, why=f"Its segment says {kind}, and so does {verb}.")


def _is_method(grammar: Phrase) -> Verdict | None:
    """A thing, a dot and a base verb: `orders.place`, as topics of commands and protocols have it."""
    parts = grammar.split
    if not grammar.verb_last or parts.style != "dotted" or parts.suffix is not None or parts.namespace:
        return None
    word = grammar.words[-1]
    if len(parts.segments) != _PAIR or len(parts.segments[-1]) != 1 or word.noun_first:
        return None
    kind: ReadsAs = "query" if word.reading else "command"
    return Verdict(kind=kind, confidence=0.8, why=f"{quoted(word.text)} behind the dot is a call.")


def _is_untensed(grammar: Phrase) -> Verdict | None:
    """A base verb behind its noun, or an adjective that is a verb as well."""
    parts = grammar.split
    if parts.suffix is not None or grammar.at is None:
        return None
    word = grammar.words[grammar.at]
    one_segment = len(parts.segments) == 1 or len(parts.segments[-1]) > 1
    if grammar.verb_last and one_segment and parts.style != "UPPER_SNAKE":
        return ambiguous(f"{quoted(word.text)} behind a noun has no tense: it may be done, or to be done.", 0.75)
    if grammar.mood == "state" and word.verb_state and parts.style != "kebab":
        return ambiguous(f"{quoted(word.text)} is a state and a verb.", 0.75)
    return None


def _is_adjective(grammar: Phrase) -> Verdict | None:
    words = grammar.words[grammar.begin :]
    if grammar.mood == "past" and grammar.at == grammar.begin and len(words) == _PAIR and grammar.split.suffix is None:
        first, second = words
        if first.text in section("adjective-pasts") and not second.particle and not second.joiner:
            return ambiguous(f"{quoted(first.text)} in front of a noun may be its adjective.", 0.7)
    return None


BY_GRAMMAR: tuple[Callable[[Phrase], Verdict | None], ...] = (
    _says_nothing,
    _is_foreign,
    _is_code,
    _is_query,
    _is_base_past,
    _is_future,
    _is_modal,
    _is_half_query,
    _is_single,
    _is_topic,
    _is_contradiction,
    _is_method,
    _is_untensed,
    _is_adjective,
    _is_noun,
)
"""In the order they are asked; the first that says something decides."""
