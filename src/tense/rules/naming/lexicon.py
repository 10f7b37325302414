"""The tables of words that ship with the package, read once, when the first name is judged."""

from functools import lru_cache
from importlib import resources

SECTIONS_OF_VERBS = ("verbs", "homographs-verb", "reading-verbs", "vague-verbs", "crud-verbs")


def _text(file: str) -> str:
    return resources.files("tense.rules.naming").joinpath("data", file).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    words: list[str] = []
    for line in _text("lexicon.txt").splitlines():
        if line.startswith("["):
            words = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            words.extend(line.split())
    return found


@lru_cache(maxsize=64)
def section(name: str, *, lower: bool = True) -> frozenset[str]:
    """The words of one section of the lexicon, with both spellings of -ise/-ize and -yse/-yze."""
    words = _sections()[name]
    if not lower:
        return frozenset(words)
    return frozenset(spelling for word in words for spelling in spellings(word.lower()))


@lru_cache(maxsize=8)
def pairs(name: str) -> dict[str, str]:
    """A section whose words are written `key:value`."""
    return dict(word.split(":", 1) for word in _sections()[name])


def spellings(word: str) -> tuple[str, ...]:
    """A word and its British or American double."""
    for american, british in (("ize", "ise"), ("yze", "yse")):
        if word.endswith(american):
            return word, word[:-3] + british
        if word.endswith(british) and word not in {
            "raise",
            "praise",
            "rise",
            "arise",
            "advise",
            "exercise",
            "promise",
        }:
            return word, word[:-3] + american
    return (word,)


@lru_cache(maxsize=1)
def verbs() -> frozenset[str]:
    """Every base form known as a verb, homographs included."""
    known = frozenset[str]().union(*(section(name) for name in SECTIONS_OF_VERBS))
    return (known | frozenset(irregular())) - {
        "has",
        "is",
        "are",
        "does",
        "can",
        "who",
        "what",
        "which",
        "where",
        "was",
        "were",
        "did",
    }


@lru_cache(maxsize=1)
def pure_verbs() -> frozenset[str]:
    """Base forms that are hardly ever a noun."""
    return (section("verbs") | section("crud-verbs")) - section("homographs-verb") - section("noun-first")


@lru_cache(maxsize=1)
def irregular() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Base form to its simple pasts and its participles."""
    table: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for line in _text("irregular.txt").splitlines():
        if line and not line.startswith("#"):
            base, past, participle = line.split()
            table[base] = (tuple(past.split("/")), tuple(participle.split("/")))
    return table


@lru_cache(maxsize=1)
def irregular_pasts() -> dict[str, str]:
    """An irregular past form or participle to its base."""
    found: dict[str, str] = {}
    for base, (pasts, participles) in irregular().items():
        for form in (*pasts, *participles):
            if form != base:
                found.setdefault(form, base)
    return found
