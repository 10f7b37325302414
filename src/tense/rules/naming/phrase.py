"""The grammar of a name: which word is the verb, where it stands, and what mood it makes."""

from functools import lru_cache
from typing import Literal

import msgspec

from tense.rules.naming.lexicon import section
from tense.rules.naming.vocabulary import Word, word_of
from tense.rules.naming.words import LONGEST, Split, split

Mood = Literal["imperative", "past", "gerund", "future", "noun", "state", "query", "unknown"]


_PAIR = 2


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """A name as grammar.

    `words` is the clause that was judged (the last segment where that one says something), `at` the index of
    the deciding word in it, `begin` the index of its first word that counts (after a hook or an adverb).
    """

    split: Split
    words: tuple[Word, ...]
    mood: Mood
    at: int | None
    begin: int = 0
    verb_last: bool = False
    actor_first: bool = False
    inner_imperative: bool = False


def phrase_of(name: str) -> Phrase:
    """Read a name as grammar."""
    return _recent(name[:LONGEST])


@lru_cache(maxsize=64)
def _recent(name: str) -> Phrase:
    # Judging a name and mending it ask for its grammar several times in a row.
    return phrase(split(name))


def phrase(parts: Split) -> Phrase:
    """Read a split name as grammar: its last segment, or all of it where that alone says nothing."""
    segments = parts.segments
    if len(segments) > 1 and len(segments[-1]) > 1:
        words = tuple(map(word_of, segments[-1]))
        mood, at, begin, signs = _mood(words)
        if mood != "noun":
            return Phrase(split=parts, words=words, mood=mood, at=at, begin=begin, **signs)
    words = tuple(map(word_of, parts.words))
    mood, at, begin, signs = _mood(words)
    doing = words[-1].verb_state if mood == "state" else words[-1].verb and mood == "noun" if words else False
    if doing and len(segments) > 1 and len(segments[-1]) == 1:
        mood, at, signs = "unknown", len(words) - 1, {"verb_last": True}
    return Phrase(split=parts, words=words, mood=mood, at=at, begin=begin, **signs)


_Found = tuple[Mood, int | None, int, dict[str, bool]]


def _mood(words: tuple[Word, ...]) -> _Found:
    if not words:
        return "unknown", None, 0, {}
    begin = _begin(words)
    for decide in (
        _future,
        _single,
        _asking,
        _verb_first,
        _homograph_first,
        _happened,
        _stands,
        _past_within,
    ):
        mood, at, signs = decide(words, begin)
        if mood is not None:
            return mood, at, begin, signs
    last = len(words) - 1
    if words[last].verb and not words[last].object:
        return "unknown", last, begin, {"verb_last": True}
    for at in range(begin + 1, last):
        if words[at].pure:
            return "unknown", at, begin, {"actor_first": True}
    return "noun", None, begin, {}


_Decision = tuple[Mood | None, int | None, dict[str, bool]]
_UNDECIDED: _Decision = (None, None, {})


def _begin(words: tuple[Word, ...]) -> int:
    """Index of the first word that counts: behind a hook (Before, After, Pre, Post) or an adverb (Bulk)."""
    if len(words) == 1:
        return 0
    first, second = words[0], words[1]
    happens = any(word.past or word.gerund for word in words[1:])
    published = first.text != "on" and (second.past or second.gerund)
    if first.text in {"before", "after"} or (first.text in {"pre", "post", "on"} and happens and not published):
        return 1
    if (
        first.text in section("skippable")
        and (second.verb or second.reading)
        and not second.noun_first
        and len(words) > _PAIR
    ):
        return 1
    return 0


def _future(words: tuple[Word, ...], begin: int) -> _Decision:
    for at in range(begin, len(words)):
        text = words[at].text
        follows = words[at + 1].text if at + 1 < len(words) else ""
        if (
            (text in {"will", "shall"} and follows)
            or (text == "about" and follows == "to")
            or (text == "to" and follows == "be")
        ):
            return "future", at, {}
    return _UNDECIDED


def _single(words: tuple[Word, ...], begin: int) -> _Decision:
    """One word alone: only a past of its own form or a verb that is no noun says something."""
    if len(words) - begin > 1:
        return _UNDECIDED
    word = words[begin]
    if word.base_past or word.trap or (word.verb and (word.state or word.verb_state)):
        return "unknown", begin, {}
    if word.past:
        return "past", begin, {}
    if word.state or word.outcome:
        return "state", begin, {}
    if word.reading:
        return "query", begin, {}
    if word.pure:
        return "imperative", begin, {}
    if word.gerund:
        return "gerund", begin, {}
    return ("unknown", begin, {}) if word.homograph else ("noun", None, {})


_ASKING = {"is", "has", "are", "was", "were", "did", "does", "can", "who", "what", "which", "where"}
"""Words that open a question whatever comes behind them: IsOrderPlaced."""

_ALSO_NOUNS = {"count", "query", "search", "list", "lookup", "read", "find", "fetch", "retrieve"}
"""Words that ask only where no past closes the name: ListUpdated, FetchStarted."""


def _asking(words: tuple[Word, ...], begin: int) -> _Decision:
    first = words[begin]
    if not first.reading or (first.text in _ALSO_NOUNS and _closing_past(words, begin) is not None):
        return _UNDECIDED
    if first.text in _ASKING:
        return "query", begin, {}
    if first.text in _ALSO_NOUNS and len(words) - begin == 1 + int(words[-1].outcome):
        return _UNDECIDED
    closing = _closing_past(words, begin)
    if closing is not None and words[closing].text in section("outcome-pasts"):
        return "past", closing, {"inner_imperative": True}
    return "query", begin, {}


def _closing_past(words: tuple[Word, ...], begin: int) -> int | None:
    """The past word that closes the clause: last, or before a particle or a by/to/in phrase.

    One behind a joiner (`ChangedToPaid`) closes it only where there is no other.
    """
    second = None
    for at in range(len(words) - 1, begin, -1):
        word = words[at]
        opened = at == begin + 1 and words[begin].verb and not words[begin].noun_first and word.object
        if not (word.past or word.base_past or word.trap) or (word.base_past and opened):
            continue
        if at + 1 < len(words) and not (words[at + 1].particle or words[at + 1].joiner):
            continue
        if not words[at - 1].joiner:
            return at
        second = second if second is not None or word.trap else at
    return second


def _verb_first(words: tuple[Word, ...], begin: int) -> _Decision:
    first = words[begin]
    opens = first.pure or (first.base_past and len(words) - begin > 1) or (first.trap and first.homograph)
    closed = _closing_past(words, begin) if first.base_past and first.text not in section("mark-verbs") else None
    if not opens or (closed is not None and (first.object or words[closed].past)):
        return _UNDECIDED
    closing = len(words) - 1
    while closing > begin and words[closing].particle and not words[closing].past:
        closing -= 1
    last = words[closing]
    reports = closing - begin > 1 or last.text in section("report-pasts")
    if last.text in section("outcome-pasts") and first.text not in section("mark-verbs") and reports:
        return "past", closing, {"inner_imperative": True}
    behind_because = any(
        word.text in {"as", "because", "when", "if", "to", "that"} for word in words[begin + 1 : closing]
    )
    if last.past and closing - begin > 1 and first.text not in section("mark-verbs") and not behind_because:
        return "past", closing, {"inner_imperative": True}
    minded = first.text in section("mark-verbs") or first.text in section("trouble-verbs")
    if last.outcome and closing - begin > 0 and not minded:
        return "state", closing, {"inner_imperative": True}
    if first.text == "close" and words[begin + 1].text == "to":
        return "state", begin, {}
    return "imperative", begin, {}


def _homograph_first(words: tuple[Word, ...], begin: int) -> _Decision:
    """The first word is verb and noun: a later past decides for the noun, an object for the verb."""
    first = words[begin]
    if not (first.homograph or first.object) or first.state:
        return _UNDECIDED
    last = len(words) - 1
    closing = _closing_past(words, begin)
    marks = first.text in section("mark-verbs")
    if (
        closing is not None
        and not marks
        and not any(word.text in {"as", "because", "when", "if"} for word in words[begin + 1 : closing])
    ):
        return _closed(words, closing)
    tail = words[last]
    if (tail.state or tail.outcome or tail.gerund) and not marks:
        return _UNDECIDED
    if (
        tail.verb
        and not tail.object
        and last - begin > 0
        and (first.noun_first or tail.pure or last - begin > 1)
        and not marks
        and not tail.particle
    ):
        return (
            ("imperative", begin, {})
            if not first.noun_first and not tail.pure
            else ("unknown", last, {"verb_last": True})
        )
    names = tail.text in section("attributes") and last - begin == 1 and first.text not in {"change", "assign", "check"}
    if first.noun_first or (names and not marks):
        return _UNDECIDED
    return "imperative", begin, {}


def _happened(words: tuple[Word, ...], begin: int) -> _Decision:
    """A past word behind a noun, or in front of one."""
    closing = _closing_past(words, begin)
    if closing is not None:
        return _closed(words, closing)
    return _UNDECIDED


def _past_within(words: tuple[Word, ...], begin: int) -> _Decision:
    """A past word with a noun behind it: CreatedAccount, MemberLeftChannel."""
    for at in range(len(words) - 1, begin - 1, -1):
        if words[at].past or (words[at].text == "left" and at > begin):
            return "past", at, {}
    return ("unknown", begin, {}) if words[begin].trap else _UNDECIDED


def _closed(words: tuple[Word, ...], closing: int) -> _Decision:
    """Past, unless base and participle are one word and the reader cannot know: OrderPut, SystemShutDown."""
    verb, behind = words[closing], words[closing + 1 :]
    unclear = verb.base_past and ((verb.text == "put" and not behind) or (len(behind) == 1 and behind[0].particle))
    return ("unknown" if unclear else "past"), closing, {}


_LACKING = {"no", "not", "insufficient"}
_STATE_PHRASES = {("out", "of"), ("in", "stock"), ("in", "sync"), ("back", "in"), ("close", "to"), ("on", "hold")}


def _stands(words: tuple[Word, ...], begin: int) -> _Decision:
    """A state, an outcome or a gerund."""
    last = len(words) - 1
    tail = words[last]
    texts = tuple(word.text for word in words)
    if tail.gerund:
        return "gerund", last, {}
    is_down = tail.text in {"down", "up"} and not words[last - 1].verb
    if tail.state or tail.outcome or is_down or (tail.verb_state and last > begin):
        return "state", last, {}
    if texts[begin] in _LACKING:
        return "state", begin, {}
    if last > begin and texts[last - 1] in {"in", "on", "under", "en"}:
        return "state", last - 1, {}
    found = next((at for at in range(last) if texts[at : at + 2] in _STATE_PHRASES), None)
    if found is not None:
        return "state", found, {}
    going = next((at for at in range(begin, last) if words[at].gerund and words[at + 1].joiner), None)
    return _UNDECIDED if going is None else ("gerund", going, {})
