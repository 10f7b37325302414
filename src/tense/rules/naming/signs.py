"""What a name shows, as plain signs: the predicates that the rules on names are made of."""

from itertools import pairwise

import msgspec

from tense.rules.naming.lexicon import section
from tense.rules.naming.phrase import Mood, Phrase, phrase_of
from tense.rules.naming.words import Style, Suffix

_REPLY = frozenset({"response", "reply", "result", "answer"})
_REFUSALS = frozenset({"cannot", "denied", "invalid", "refused", "declined", "forbidden", "unable", "rejected"})
_CONDITIONS = frozenset({"if", "when", "unless", "maybe", "try"})
_AGES = frozenset({"new", "old"})
_COMPOUNDS = frozenset({"request", "response", "result", "criteria", "action", "validation", "route", "hook", "step"})
"""Nouns that take a verb in front of them as their name: `BuildValidation`, `ResolveCriteria`."""

_PAIR = 2
_PAPERS = {("change", "order"), ("change", "orders"), ("transfer", "order"), ("set", "item"), ("set", "product")}
"""Verb and entity that together are a thing: a change order is a paper."""

_NEEDS = frozenset({"needed", "required", "due"})


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """The signs of one name; each is a plain fact about its words and none is a judgement.

    `mood` is what the grammar says, the suffix left aside; `verb` is the deciding word; `certain` says
    that no other mood can be read. `past_first` is a participle in front of its noun (`CreatedAccount`),
    `verb_last` a base verb behind it (`OrderPlace`), `single_past` one past word alone (`Created`),
    `base_past_alone` one word whose base form is its participle (`Reset`), `requested_object` an
    imperative with Requested, Needed, Required or Request behind it (`SendEmailRequested`), `needed` a
    name that ends in Needed, Required, Due or Pending and a verb, `crud` a create, update or delete of a
    bare entity, `vague` a verb that says nothing (`ProcessOrder`), `property_changed` a field and
    Changed, Updated or Set, `noun_only` no verb and no state, `passive` Was or Has Been before the
    participle, `foreign` words of another language that decide.
    """

    name: str
    words: tuple[str, ...]
    style: Style
    mood: Mood
    verb: str | None = None
    suffix: Suffix | None = None
    topic_kind: Suffix | None = None
    version: str | None = None
    version_in_name: bool = False
    hook: bool = False
    crud: bool = False
    vague: bool = False
    negative: bool = False
    two_facts: bool = False
    conditional: bool = False
    past_first: bool = False
    verb_last: bool = False
    single_past: bool = False
    base_past_alone: bool = False
    status_changed: bool = False
    property_changed: bool = False
    technical: bool = False
    needed: bool = False
    requested_object: bool = False
    reply: bool = False
    queried: bool = False
    rejection_like: bool = False
    noun_only: bool = False
    passive: bool = False
    foreign: bool = False
    certain: bool = False


def signs(name: str) -> Signs:
    """Read the signs of a name."""
    return signs_of(name, phrase_of(name))


def signs_of(name: str, grammar: Phrase) -> Signs:
    """The signs of a name whose grammar is known."""
    parts = grammar.split
    texts = tuple(word.text for word in grammar.words)
    deciding = None if grammar.at is None else texts[grammar.at]
    count = len(texts) - grammar.begin
    first, last = (texts[grammar.begin], texts[-1]) if texts else ("", "")
    return Signs(
        name=name,
        words=parts.words,
        style=parts.style,
        mood=grammar.mood,
        verb=deciding,
        suffix=parts.suffix,
        topic_kind=parts.topic_kind,
        version=parts.version,
        version_in_name=parts.version is not None or first in _AGES or last in _AGES,
        hook=is_hook(grammar),
        crud=_is_crud(grammar, count),
        vague=grammar.mood == "imperative" and first in section("vague-verbs") and count == _PAIR,
        negative=any(text in section("negatives") for text in texts),
        two_facts=_has_two_facts(grammar),
        conditional=any(text in _CONDITIONS for text in texts),
        past_first=_is_past_first(grammar, count),
        verb_last=grammar.verb_last,
        single_past=grammar.mood == "past" and len(parts.words) == 1,
        base_past_alone=len(parts.words) == 1 and grammar.words[0].base_past if texts else False,
        status_changed=_ends_in(texts, {"status", "state"}, {"changed", "updated"}),
        property_changed=count > 1 and grammar.mood == "past" and last in {"changed", "updated", "set"},
        technical=count > 1 and grammar.mood != "noun" and any(text in section("technical") for text in texts),
        needed=last in _NEEDS or (count > 1 and texts[-2] == "pending" and grammar.words[-1].verb if texts else False),
        requested_object=_asks_at_end(grammar),
        reply=last in _REPLY,
        queried=last == "queried",
        rejection_like=any(text in _REFUSALS for text in texts),
        noun_only=_is_noun_only(grammar),
        passive=grammar.mood == "past" and any(text in section("auxiliaries") for text in texts[: grammar.at]),
        foreign=any(word.foreign for word in grammar.words) and grammar.mood in {"noun", "unknown"},
        certain=is_certain(grammar),
    )


def _is_past_first(grammar: Phrase, count: int) -> bool:
    opens = grammar.mood == "past" and grammar.at == grammar.begin
    return opens and count > 1 and not grammar.words[grammar.begin + 1].particle


def _is_noun_only(grammar: Phrase) -> bool:
    alone = len(grammar.words) == 1 and grammar.mood == "unknown" and grammar.words[0].noun_first
    return grammar.mood == "noun" or alone


def is_hook(grammar: Phrase) -> bool:
    """Whether the name is a hook around a fact: BeforeOrderPlaced, PreUpdate, OnOrderPlaced."""
    first = grammar.words[0].text if grammar.words else ""
    return (first in section("hooks") and grammar.begin == 1) or (
        any(word.text in {"before", "after"} for word in grammar.words[:-1])
        and grammar.mood in {"past", "gerund"}
        and any(word.past or word.gerund for word in grammar.words[1:])
    )


def is_certain(grammar: Phrase) -> bool:
    """Whether no other mood can be read: a verb that is no noun in front, or a past form at the end."""
    if grammar.at is None or any(word.foreign for word in grammar.words):
        return False
    if grammar.mood == "imperative":
        return _is_surely_imperative(grammar)
    if grammar.mood == "state":
        return not grammar.inner_imperative and not grammar.words[grammar.begin].pure
    if grammar.mood == "past" and not grammar.inner_imperative:
        word, opener = grammar.words[grammar.at], grammar.words[grammar.begin]
        follows = grammar.words[grammar.at + 1 :]
        closes = not follows or follows[0].joiner or follows[0].particle
        return word.past and closes and grammar.at > grammar.begin and (opener.noun_first or not opener.verb)
    return False


def _is_surely_imperative(grammar: Phrase) -> bool:
    verb, tail = grammar.words[grammar.begin], grammar.words[-1]
    if verb.text in section("front-verbs") and len(grammar.words) - grammar.begin == _PAIR:
        return tail.text in section("entities") and (verb.text, tail.text) not in _PAPERS
    if (
        not verb.pure
        or verb.state
        or verb.verb_state
        or verb.text in section("doubtful-verbs")
        or verb.text[-1].isdigit()
    ):
        return False
    if tail.state or tail.outcome or tail.gerund or tail.pure or tail.text in _COMPOUNDS:
        return False
    return not any(word.past or word.base_past or word.trap for word in grammar.words[grammar.begin + 1 :])


def _is_crud(grammar: Phrase, count: int) -> bool:
    if grammar.at is None or count > 3:  # noqa: PLR2004 - an entity of two words and the verb
        return False
    verb = grammar.words[grammar.at].text
    if grammar.mood == "imperative":
        return verb in {"create", "update", "delete", "save", "upsert", "set", "modify"}
    return grammar.mood == "past" and verb in section("crud-pasts") and grammar.at == len(grammar.words) - 1


def _has_two_facts(grammar: Phrase) -> bool:
    words = grammar.words
    for at in range(1, len(words) - 1):
        if words[at].text not in {"and", "or"}:
            continue
        before, after = words[:at], words[at + 1 :]
        if any(word.past for word in before) and any(word.past for word in after):
            return True
        if words[0].verb and words[at + 1].pure:
            return True
    return False


def _ends_in(texts: tuple[str, ...], nouns: set[str], pasts: set[str]) -> bool:
    return any(one in nouns and other in pasts for one, other in pairwise(texts))


def _asks_at_end(grammar: Phrase) -> bool:
    words = grammar.words
    last = words[-1].text if words else ""
    if grammar.inner_imperative:
        return last in {"requested", "needed", "required"}
    return len(words) > _PAIR and last == "request" and (words[0].pure or words[1].pure)
