"""What a name reads as: command, event, query, both (ambiguous), or neither.

First the grammar: where two readings are certainly honest, or nothing is said, no model is asked. For the
rest the weights say how likely each kind is, and where they are not sure enough the name is ambiguous.
"""

from collections.abc import Mapping

import msgspec

from tense.rules.naming.features import features
from tense.rules.naming.forms import as_command, as_event, without_suffix
from tense.rules.naming.model import probability, score
from tense.rules.naming.phrase import Phrase, phrase_of
from tense.rules.naming.signs import is_certain
from tense.rules.naming.verdict import BY_GRAMMAR, ReadsAs, Verdict, ambiguous, quoted

SURE = 0.8
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
    """The verdict on a name whose grammar is known; `weights` other than the shipped are for measuring."""
    for rule in BY_GRAMMAR:
        found = rule(grammar)
        if found is not None:
            return found
    return _by_weight(grammar, score(features(grammar), weights))


GRAMMAR = 1.5
"""What a clear mood adds to the score: weights know the habits of some sources, grammar those of all."""

CERTAIN = 1.5
"""How much more that is where the deciding word can be nothing else."""

_CLEAR: dict[str, tuple[ReadsAs, float]] = {
    "imperative": ("command", -GRAMMAR),
    "past": ("event", GRAMMAR),
    "state": ("event", GRAMMAR),
}


def _by_weight(grammar: Phrase, weight: float) -> Verdict:
    expected, added = _CLEAR.get(grammar.mood, (None, 0.0))
    event = probability(weight + (added * CERTAIN if is_certain(grammar) else added))
    kind: ReadsAs = "event" if event >= 0.5 else "command"  # noqa: PLR2004 - the middle
    confidence = max(event, 1 - event)
    if expected is not None and expected != kind and grammar.split.suffix is None:
        return ambiguous(f"{_reason(grammar, expected)} Names spelt like this one are often the other kind.", 0.6)
    least = SURE if expected == kind or grammar.split.suffix is not None else SURER
    if confidence < least:
        return ambiguous("Nothing in it decides between a doing and a happening.", 0.6)
    return Verdict(kind=kind, confidence=confidence, why=_reason(grammar, kind))


def _reason(grammar: Phrase, kind: str) -> str:
    if grammar.at is not None:
        word = quoted(grammar.words[grammar.at].text)
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
        return f"{quoted(grammar.words[grammar.at].text)} has no tense; names spelt like this one are {kind}s."
    return f"No word decides; names spelt and begun like this one are {kind}s."


def _mend(name: str, grammar: Phrase, found: Verdict) -> str | None:
    suffix = grammar.split.suffix
    if found.kind == "command":
        turns = grammar.mood == "imperative" or grammar.verb_last
        return as_command(name) if turns else _bare(name, grammar)
    if found.kind == "event":
        asked = grammar.inner_imperative and grammar.words[-1].text in {"requested", "needed", "required"}
        return as_command(name) if asked else as_event(name) or _bare(name, grammar)
    if found.kind == "query":
        return without_suffix(name)
    if found.kind == "neither" or any(word.foreign for word in grammar.words):
        return None
    if suffix == "command":
        return as_command(name)
    return as_event(name) if suffix == "event" or grammar.mood != "imperative" else None


def _bare(name: str, grammar: Phrase) -> str | None:
    """The name without its suffix, where its words say the kind without it."""
    return without_suffix(name) if grammar.mood in {"imperative", "past", "gerund", "state"} else None
