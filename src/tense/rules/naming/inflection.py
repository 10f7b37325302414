"""Forms of English verbs, both ways: base to past and past to base, particles and homographs included."""

from functools import lru_cache

from tense.rules.naming.lexicon import irregular, irregular_pasts, pairs, section, verbs

PREFIXES = ("re", "un", "over", "mis", "out", "under", "up", "with", "fore", "pre", "de", "dis")
"""Prefixes that keep the forms of the verb behind them: resent, rebuilt, undone, overridden."""

_VOWELS = "aeiou"
_SHORTEST_PAST = 4


def past_of(verb: str) -> str:
    """The past participle of a base form, as events have it: place, placed; send, sent; set, set."""
    verb = verb.lower()
    if verb in section("base-past"):
        return verb
    found = _irregular_forms(verb)
    if found is not None:
        return found[1][0]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ied"
    if verb in section("doubling"):
        return verb + verb[-1] + "ed"
    if verb in {"panic", "mimic", "traffic", "picnic"}:
        return verb + "ked"
    return verb + ("led" if verb in section("doubling-in-british") else "ed")


def past_words(verb: str) -> list[str]:
    """The past of a verb as words, so that a joined particle stands on its own: login, logged in."""
    joined = pairs("joined").get(verb)
    if joined is not None:
        base, particle = joined.split("+")
        return [past_of(base), particle]
    return [past_of(verb)]


@lru_cache(maxsize=1)
def _regular_pasts() -> dict[str, str]:
    table = {past_of(verb): verb for verb in sorted(verbs()) if past_of(verb) != verb}
    for verb in section("doubling-in-british"):
        table[verb + "ed"] = table[verb + "led"] = verb
    for verb in irregular():
        if verb not in {"lead", "feed", "breed", "bleed"}:
            table.setdefault((verb + "d") if verb.endswith("e") else (verb + "ed"), verb)
    for form in ("feeded", "doed", "goed", "seed", "need"):
        table.pop(form, None)
    return table


@lru_cache(maxsize=8192)
def base_of(past: str) -> str | None:
    """The base form behind a past form (sent, send), None when the word is no past (feed)."""
    past = past.lower()
    if past in section("not-past"):
        return None
    if past in section("base-past"):
        return past
    if past in pairs("misspelt"):
        return pairs("misspelt")[past].replace("+", " ")
    known = irregular_pasts().get(past) or _regular_pasts().get(past)
    if known is not None or past in verbs():
        return known
    for prefix in PREFIXES:
        rest = past[len(prefix) :].lstrip("-")
        if past.startswith(prefix) and len(rest) >= _SHORTEST_PAST - 1:
            inner = (
                irregular_pasts().get(rest)
                or _regular_pasts().get(rest)
                or (rest if rest in section("base-past") else None)
            )
            if inner is not None and rest not in section("not-past"):
                return prefix + inner
    return _guessed_base(past)


def _guessed_base(past: str) -> str | None:
    """The base of a regular past of a verb that no table knows."""
    stem = past[:-2]
    if not past.endswith("ed") or len(past) < _SHORTEST_PAST + 1 or not past.isascii() or past.endswith("eed"):
        return None
    if not any(letter in _VOWELS + "y" for letter in stem):
        return None
    if stem.endswith("i"):
        return stem[:-1] + "y"
    doubled = len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "slfz"  # noqa: PLR2004 - three letters make a doubled stem
    if doubled:
        return stem[:-1]
    if stem[-1] in "cvgsuz" or stem.endswith(
        ("at", "et", "it", "ut", "ot", "bl", "dl", "tl", "pl", "ir", "ur", "ar", "or", "in")
    ):
        return stem + "e" if not stem.endswith(("ss", "ng", "eat", "et", "it", "oin", "ain", "er", "on")) else stem
    return stem


def is_past(word: str) -> bool:
    """Whether a word can be read as past: a past form, a participle, or a base that equals one (`set`)."""
    return base_of(word) is not None


def is_base_past(word: str) -> bool:
    """Whether base form and participle are one word: set, put, reset."""
    return word.lower() in section("base-past")


@lru_cache(maxsize=8192)
def is_verb(word: str) -> bool:
    """Whether a word is known as the base form of a verb, with un-, re-, de- and the like taken off."""
    word = word.lower()
    known = verbs()
    if word in known or word in section("base-past"):
        return True
    return any(
        word.startswith(prefix)
        and word[len(prefix) :].lstrip("-") in known
        and len(word) - len(prefix) > _SHORTEST_PAST - 1
        for prefix in ("re", "un", "de", "dis", "over", "mis", "pre", "auto")
    )


def is_particle(word: str) -> bool:
    """Whether a word may belong to the verb before it: sign up, time out."""
    return word in section("particles")


@lru_cache(maxsize=4096)
def _irregular_forms(verb: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    table = irregular()
    if verb in table:
        return table[verb]
    for prefix in PREFIXES:
        rest = verb[len(prefix) :]
        if verb.startswith(prefix) and rest in table and verb not in section("regular"):
            pasts, participles = table[rest]
            return tuple(prefix + form for form in pasts), tuple(prefix + form for form in participles)
    return None
