"""A name in the other mood, in its own spelling: `PlaceOrder` as an event, `OrderPlaced` as a command."""

from tense.rules.naming.inflection import base_of, is_particle, is_past, is_verb, past_of, past_words
from tense.rules.naming.lexicon import section
from tense.rules.naming.phrase import Phrase, phrase_of
from tense.rules.naming.vocabulary import Word
from tense.rules.naming.words import Split, acronyms, style_of

__all__ = [
    "as_command",
    "as_event",
    "base_of",
    "is_particle",
    "is_past",
    "is_verb",
    "past_of",
    "without_suffix",
]

_ASKED = {"requested", "needed", "required"}
_NEVER_ORDERED = {
    "fail",
    "succeed",
    "occur",
    "happen",
    "expire",
    "time",
    "lose",
    "see",
    "exist",
    "become",
    "die",
}
"""Verbs that nobody is told to do."""

_ALIKE = {"put", "run", "come", "become", "overcome", "let"}
"""Participles that nobody reads as past at the end of a name."""

_SEPARATORS = {"snake": "_", "UPPER_SNAKE": "_", "kebab": "-", "words": " "}


def as_event(name: str) -> str | None:
    """The fact behind a name, in the same spelling: `PlaceOrder` and `OrderPlacing` give `OrderPlaced`.

    None where the name is already such a fact or says no doing.
    """
    grammar = phrase_of(name)
    texts = [word.text for word in grammar.words]
    asked = grammar.inner_imperative and texts[-1] in _ASKED
    if grammar.at is None or (grammar.inner_imperative and not asked):
        return None
    if asked or grammar.mood == "imperative":
        turned = _imperative_to_past(grammar)
    elif grammar.mood in {"gerund", "future"}:
        turned = _to_fact(grammar)
    elif grammar.verb_last:
        turned = [*texts[grammar.begin : grammar.at], *past_words(texts[grammar.at])]
    elif grammar.mood == "past":
        turned = _plain_past(grammar)
    else:
        return None
    alike = turned is not None and turned[-1] in _ALIKE
    return None if alike else _written(name, grammar, turned)


def as_command(name: str) -> str | None:
    """The doing behind a name, in the same spelling: `UserSignedUp` gives `SignUpUser`.

    None where the name is already imperative or says no doing.
    """
    grammar = phrase_of(name)
    texts = [word.text for word in grammar.words]
    if grammar.at is None or grammar.mood == "imperative":
        return _written(name, grammar, texts[grammar.begin :]) if grammar.mood == "imperative" else None
    if grammar.inner_imperative:
        turned: list[str] | None = texts[grammar.begin : grammar.at]
    elif grammar.mood in {"past", "gerund"}:
        turned = _past_to_imperative(grammar)
    elif grammar.verb_last and len(grammar.split.segments) < 2:  # noqa: PLR2004 - `orders.place` is a command as it stands
        turned = [texts[grammar.at], *texts[: grammar.at]]
    else:
        return None
    if grammar.mood == "past" and len(grammar.split.segments) > 1 and len(grammar.split.segments[-1]) == 1:
        base = base_of(texts[-1])
        turned = [*texts[:-1], base] if turned and base else None
    return _written(name, grammar, turned)


def without_suffix(name: str) -> str | None:
    """The name without the kind at its end (`OrderPlacedEvent`), None where there is none."""
    grammar = phrase_of(name)
    if not grammar.split.stripped:
        return None
    return _written(name, grammar, [word.text for word in grammar.words])


def _imperative_to_past(grammar: Phrase) -> list[str] | None:
    words = grammar.words[grammar.begin : grammar.at if grammar.inner_imperative else None]
    verb, rest = words[0], list(words[1:])
    particle: list[str] = []
    if rest and rest[0].particle and rest[0].text in section("particles") and len(rest) > 1 and not rest[1].joiner:
        particle = [rest.pop(0).text]
    if any(word.text in {"and", "or"} for word in rest) or verb.text[-1:].isdigit():
        return None
    end = next((at for at, word in enumerate(rest) if word.joiner and at > 0), len(rest))
    thing, tail = rest[:end], rest[end:]
    if not thing or thing[0].joiner:
        return None
    return [*(word.text for word in thing), *past_words(verb.text), *particle, *(word.text for word in tail)]


def _to_fact(grammar: Phrase) -> list[str] | None:
    texts = [word.text for word in grammar.words]
    at = grammar.at or 0
    if grammar.mood == "gerund":
        base = _gerund_base(texts[at])
        return None if base is None else [*texts[grammar.begin : at], past_of(base), *texts[at + 1 :]]
    pasts = [index for index in range(at, len(texts)) if grammar.words[index].past]
    if pasts:
        return [*texts[grammar.begin : at], *texts[pasts[0] :]]
    return [*texts[grammar.begin : at], past_of(texts[-1])] if grammar.words[-1].verb else None


def _plain_past(grammar: Phrase) -> list[str] | None:
    """Was, has been and hooks dropped; a fronted participle put behind its noun."""
    texts = [word.text for word in grammar.words]
    at = grammar.at or 0
    auxiliaries = section("auxiliaries")
    if at == grammar.begin and len(texts) - at > 1 and not grammar.words[at + 1].particle:
        tail = next((index for index in range(at + 1, len(texts)) if grammar.words[index].joiner), len(texts))
        stands = any(word.state or word.gerund for word in grammar.words[at + 1 : tail])
        return [*texts[at + 1 : tail], texts[at], *texts[tail:]] if tail > at + 1 and not stands else None
    kept = [text for index, text in enumerate(texts) if index >= grammar.begin and text not in auxiliaries]
    return None if kept == texts else kept


def _past_to_imperative(grammar: Phrase) -> list[str] | None:
    texts = [word.text for word in grammar.words]
    at = grammar.at or 0
    base = _gerund_base(texts[at]) if grammar.mood == "gerund" else base_of(texts[at])
    if base is None or base in _NEVER_ORDERED:
        return None
    behind: list[Word] = list(grammar.words[at + 1 :])
    particle = (
        [behind.pop(0).text] if behind and behind[0].particle and not (len(behind) > 1 and behind[0].joiner) else []
    )
    thing = [text for text in texts[grammar.begin : at] if text not in section("auxiliaries")]
    if any(text in section("negatives") or text in section("modals") for text in thing):
        return None
    return [*base.split(), *particle, *thing, *(word.text for word in behind)]


def _gerund_base(gerund: str) -> str | None:
    stem = gerund[:-3]
    for base in (stem, stem + "e", stem[:-1] if stem[-1:] == stem[-2:-1] else stem):
        if is_verb(base):
            return base
    return None


def _written(name: str, grammar: Phrase, texts: list[str] | None) -> str | None:
    """Spell the words as the name was spelt; the kind suffix goes, namespace and dotted version stay."""
    if not texts:
        return None
    parts = grammar.split
    if grammar.words and not parts.stripped and [word.text for word in grammar.words[:-1]] == texts[:-1]:
        return _with_last(name, parts, texts[-1])
    as_written = {piece.lower(): piece for piece in parts.pieces}
    whole = len(grammar.words) == len(parts.words)
    start = _starts_at(name, parts.pieces, 0 if whole else len(parts.pieces) - len(grammar.words))
    version = f".{parts.version}" if parts.version and parts.style == "dotted" else ""
    if whole and len(parts.segments) > 1:
        separator = next(letter for letter in name[start:] if letter in "./:")
        spelt = separator.join(_cased(text, as_written, title=parts.segments[-1][0].istitle()) for text in texts)
    else:
        last = parts.pieces[-1]
        text = name[start : name.rfind(last) + len(last)]
        style = style_of(text)
        spelt = _joined(texts, as_written, style)
    better = name[:start] + spelt + version
    return None if better == name else better


def _with_last(name: str, parts: Split, text: str) -> str | None:
    """The name with another last word; a version behind a dot stays."""
    last = parts.pieces[-1]
    start = name.rfind(last)
    behind = name[start + len(last) :] if parts.style == "dotted" else ""
    upper = last.isupper() and len(last) > 1
    better = name[:start] + (text.upper() if upper else _cased(text, {}, title=last[:1].isupper())) + behind
    return None if start < 0 or better == name else better


def _starts_at(name: str, pieces: tuple[str, ...], index: int) -> int:
    at = 0
    for number, piece in enumerate(pieces):
        letters = piece.rstrip("0123456789") or piece
        found = name.find(letters, at)
        at = found if found >= 0 else at
        if number == index:
            return at
        at += len(letters)
    return 0


def _joined(texts: list[str], as_written: dict[str, str], style: str) -> str:
    if style == "UPPER_SNAKE":
        return "_".join(texts).upper()
    if style in {"snake", "kebab", "lower"}:
        return _SEPARATORS.get(style, "").join(texts)
    if style == "words":
        title = any(piece[:1].isupper() for piece in as_written.values())
        return " ".join(_cased(text, as_written, title=title) for text in texts)
    spelt = "".join(_cased(text, as_written, title=True) for text in texts)
    return spelt[:1].lower() + spelt[1:] if style == "camelCase" else spelt


def _cased(text: str, as_written: dict[str, str], *, title: bool) -> str:
    written = as_written.get(text, text)
    bare = text.rstrip("0123456789")
    if bare in acronyms():
        return acronyms()[bare] + text[len(bare) :]
    if written.isupper() and len(written) > 1:
        return written
    if not title:
        return text
    return text[:1].upper() + text[1:] if written[1:].islower() else written
