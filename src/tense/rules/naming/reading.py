"""What a name reads as: command, event, query, both (ambiguous), or neither.

First the grammar: where it is certain that two readings are honest, or that nothing is said, no model is asked.
For the rest the weights say how likely each kind is, and where they contradict the grammar the name is ambiguous.
"""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from tense.rules.naming.features import features
from tense.rules.naming.forms import as_command, as_event, without_suffix
from tense.rules.naming.lexicon import section
from tense.rules.naming.model import probability_of_event
from tense.rules.naming.phrase import Phrase, phrase_of
from tense.rules.naming.signs import is_hook

ReadsAs = Literal["command", "event", "query", "ambiguous", "neither"]

SURE = 0.7
"""How likely a kind must be to be said."""

SURER = 0.9
"""The same where the grammar says nothing and only style and neighbours speak."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a name reads as, how sure that is, the words that decided, and a better name where one is known.

    `confidence` says how likely the kind is right. `mend` is None where the name is fine as it stands.
    """

    name: str
    kind: ReadsAs
    confidence: float
    why: str
    mend: str | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A kind, how sure it is, and why."""

    kind: ReadsAs
    confidence: float
    why: str


def read_name(name: str) -> Reading:
    """Read a name in any spelling; any text gets an answer."""
    grammar = phrase_of(name)
    found = judge(grammar)
    return Reading(
        name=name,
        kind=found.kind,
        confidence=round(found.confidence, 3),
        why=found.why,
        mend=_mend(name, grammar, found),
    )


def judge(grammar: Phrase, weights: Mapping[str, float] | None = None) -> Verdict:
    """The verdict on a name whose grammar is known; `weights` other than the shipped ones are for measuring."""
    for rule in _BEFORE_THE_MODEL:
        found = rule(grammar)
        if found is not None:
            return found
    return _by_weight(grammar, probability_of_event(features(grammar), weights))


def _ambiguous(why: str, confidence: float = 0.8) -> Verdict:
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
    if not words or (len(words) == 1 and len(grammar.words) > 2 and grammar.mood == "imperative"):  # noqa: PLR2004 - one foreign noun in an English sentence
        return None
    return _ambiguous(f"{_quoted(words[0].text)} is not English, and other languages are not judged.", 0.7)


def _is_code(grammar: Phrase) -> Verdict | None:
    """A call-back or a class that handles a message, not a message."""
    words = grammar.words
    first, last = words[0].text, words[-1].text
    if first == "on" and grammar.begin == 1:
        return _neither("It begins with On, as the call-back for an event does.")
    tails = section("class-tails")
    if last in tails and len(words) > 2 and grammar.at is not None and grammar.at < len(words) - 1:  # noqa: PLR2004 - an object between verb and tail
        handles = last in {"handler", "listener", "subscriber", "consumer"}
        if handles or (grammar.mood == "past" and words[-2].past):
            return _neither(f"It ends in {_quoted(last)}: a class that deals with a message, not a message.")
    return None


def _is_query(grammar: Phrase) -> Verdict | None:
    suffix = grammar.split.suffix
    if suffix == "query":
        return Verdict(kind="query", confidence=0.95, why="It ends in Query.")
    if grammar.mood != "query":
        return None
    verb = grammar.words[grammar.begin].text
    if suffix == "event":
        return _ambiguous(f"{_quoted(verb)} asks, and the suffix says event.")
    return Verdict(kind="query", confidence=0.92, why=f"{_quoted(verb)} asks for something and changes nothing.")


def _is_base_past(grammar: Phrase) -> Verdict | None:
    if grammar.at is None or grammar.mood != "unknown":
        return None
    word = grammar.words[grammar.at]
    if word.base_past or word.trap:
        return _ambiguous(f"{_quoted(word.text)} is base form and past in one, and nothing beside it decides.", 0.9)
    return None


def _is_future(grammar: Phrase) -> Verdict | None:
    if grammar.mood == "future" and grammar.split.suffix is None:
        return _ambiguous("It speaks of what is yet to come: not a fact, and not said to anyone.")
    return None


def _is_modal(grammar: Phrase) -> Verdict | None:
    modal = next((word.text for word in grammar.words if word.text in section("modals")), None)
    if modal and grammar.mood not in {"imperative", "query"} and grammar.split.suffix is None:
        return _ambiguous(f"{_quoted(modal)} says what may be, not what was done: an answer rather than a message.")
    return None


def _is_half_query(grammar: Phrase) -> Verdict | None:
    if grammar.mood != "imperative" or grammar.split.suffix is not None or len(grammar.words) < 2:  # noqa: PLR2004 - one word is judged elsewhere
        return None
    verb, follows = grammar.words[grammar.begin], grammar.words[min(grammar.begin + 1, len(grammar.words) - 1)]
    if verb.text in section("half-queries") and not follows.particle:
        return _ambiguous(f"{_quoted(verb.text)} may act or only ask.", 0.75)
    return None


def _is_single(grammar: Phrase) -> Verdict | None:
    if len(grammar.split.words) != 1 or grammar.split.suffix is not None:
        return None
    word = grammar.words[0]
    if grammar.mood == "noun" or (grammar.mood == "unknown" and word.noun_first):
        return _noun(grammar)
    if grammar.mood == "unknown":
        return _ambiguous(f"{_quoted(word.text)} alone is verb and noun.")
    if grammar.mood == "gerund" or (grammar.mood == "imperative" and grammar.split.style in {"lower", "dotted"}):
        return _ambiguous(f"{_quoted(word.text)} alone says neither who nor when.", 0.7)
    return None


def _noun(grammar: Phrase) -> Verdict | None:
    last = grammar.words[-1].text
    if last in {"processing", "onboarding", "monitoring", "planning", "polling", "recording", "streaming", "training", "underwriting"}:
        return _ambiguous(f"{_quoted(last)} may be going on, or the name of an activity.", 0.7)
    return _neither("It names a thing; no word in it says a doing or a happening.", 0.75)


def _is_noun(grammar: Phrase) -> Verdict | None:
    if grammar.mood != "noun" or grammar.split.suffix is not None:
        return None
    if any(word.homograph and word.tag != "G" for word in grammar.words[grammar.begin : grammar.begin + 1]) and len(grammar.words) > 1:
        return None
    return _noun(grammar)


def _is_contradiction(grammar: Phrase) -> Verdict | None:
    suffix = grammar.split.suffix
    if suffix == "event" and grammar.mood == "imperative" and not is_hook(grammar):
        verb = grammar.words[grammar.begin]
        if verb.pure or verb.base_past or len(grammar.words) > 1:
            return _ambiguous(f"{_quoted(verb.text)} tells someone to do something, and the suffix says event.", 0.85)
    if suffix == "command" and grammar.mood == "past" and grammar.at is not None:
        return _ambiguous(f"{_quoted(grammar.words[grammar.at].text)} is past, and the suffix says command.", 0.85)
    return None


def _is_untensed(grammar: Phrase) -> Verdict | None:
    """A base verb behind its noun, or an adjective that is a verb as well."""
    parts = grammar.split
    if parts.suffix is not None or grammar.at is None:
        return None
    word = grammar.words[grammar.at]
    one_segment = parts.style in {"PascalCase", "camelCase", "words"} or len(parts.segments[-1]) > 1
    if grammar.verb_last and one_segment and parts.style not in {"UPPER_SNAKE", "snake", "kebab"}:
        return _ambiguous(f"{_quoted(word.text)} behind a noun has no tense: done, or to be done?", 0.75)
    if grammar.mood == "state" and word.verb_state and parts.style not in {"kebab"}:
        return _ambiguous(f"{_quoted(word.text)} is a state and a verb.", 0.75)
    return None


def _is_adjective(grammar: Phrase) -> Verdict | None:
    words = grammar.words[grammar.begin :]
    if grammar.mood == "past" and grammar.at == grammar.begin and len(words) == 2 and grammar.split.suffix is None:  # noqa: PLR2004 - participle and noun
        first, second = words
        if first.text in section("adjective-pasts") and not second.particle and not second.joiner:
            return _ambiguous(f"{_quoted(first.text)} in front of a noun may be its adjective.", 0.7)
    return None


_BEFORE_THE_MODEL: tuple[Callable[[Phrase], Verdict | None], ...] = (
    _says_nothing,
    _is_foreign,
    _is_code,
    _is_query,
    _is_base_past,
    _is_future,
    _is_modal,
    _is_half_query,
    _is_single,
    _is_contradiction,
    _is_untensed,
    _is_adjective,
    _is_noun,
)

_CLEAR = {"imperative": "command", "past": "event", "state": "event"}


def _by_weight(grammar: Phrase, event: float) -> Verdict:
    kind: ReadsAs = "event" if event >= 0.5 else "command"  # noqa: PLR2004 - the middle
    confidence = max(event, 1 - event)
    expected = _CLEAR.get(grammar.mood)
    if expected is not None and expected != kind and grammar.split.suffix is None:
        return _ambiguous(f"{_reason(grammar, expected)} Names spelt like this one are often the other kind.", 0.6)
    least = SURE if expected == kind or grammar.split.suffix is not None else SURER
    if confidence < least:
        return _ambiguous("Nothing in it decides between a doing and a happening.", 0.6)
    return Verdict(kind=kind, confidence=confidence, why=_reason(grammar, kind))


def _reason(grammar: Phrase, kind: str) -> str:
    if grammar.at is not None:
        word = _quoted(grammar.words[grammar.at].text)
        reasons = {
            "imperative": f"{word} comes first and tells someone to do it.",
            "past": f"{word} is past: it has happened.",
            "state": f"{word} says how things are now.",
            "gerund": f"{word} is about to happen or happening; names like it announce it.",
            "future": f"{word} speaks of what is to come; names like it announce it.",
        }
        if grammar.mood in reasons:
            return reasons[grammar.mood]
    if grammar.split.suffix is not None:
        return f"The name itself says {grammar.split.suffix}; its words say little else."
    if grammar.at is not None:
        return f"{_quoted(grammar.words[grammar.at].text)} has no tense; names spelt like this one are {kind}s."
    return f"No word decides; names spelt and begun like this one are {kind}s."


def _quoted(word: str) -> str:
    return f'"{word}"'


def _mend(name: str, grammar: Phrase, found: Verdict) -> str | None:
    suffix = grammar.split.suffix
    if found.kind == "command":
        return as_command(name) if grammar.mood == "imperative" or grammar.verb_last else without_suffix(name)
    if found.kind == "event":
        if grammar.inner_imperative and grammar.words[-1].text in {"requested", "needed", "required"}:
            return as_command(name)
        return as_event(name) or without_suffix(name)
    if found.kind == "ambiguous" and not any(word.foreign for word in grammar.words):
        return as_command(name) if suffix == "command" else as_event(name) if suffix == "event" or grammar.mood != "imperative" else None
    if found.kind == "query":
        return without_suffix(name)
    return None
