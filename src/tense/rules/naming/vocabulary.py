"""What the tables and the endings say of one word."""

from functools import lru_cache

import msgspec

from tense.rules.naming.inflection import base_of, is_base_past, is_verb
from tense.rules.naming.lexicon import pure_verbs, section


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What the tables and the endings say of one word, wherever it stands."""

    text: str
    pure: bool = False
    homograph: bool = False
    noun_first: bool = False
    object: bool = False
    past: bool = False
    base_past: bool = False
    trap: bool = False
    gerund: bool = False
    state: bool = False
    verb_state: bool = False
    outcome: bool = False
    joiner: bool = False
    particle: bool = False
    reading: bool = False
    foreign: bool = False
    tag: str = "x"

    @property
    def verb(self) -> bool:
        """Whether it can be a base form."""
        return self.pure or self.homograph or self.base_past


@lru_cache(maxsize=16384)
def word_of(text: str) -> Word:
    """Look one lower-case word up."""
    bare = text.rstrip("0123456789")
    trap = bare in section("traps")
    base_past = is_base_past(bare)
    past = not trap and not base_past and base_of(bare) is not None and bare not in section("states")
    verb = is_verb(bare)
    pure = verb and (bare in pure_verbs() or bare not in section("homographs-verb")) and not base_past
    found = Word(
        text=text,
        pure=pure,
        homograph=verb and not pure and not base_past,
        noun_first=bare in section("noun-first"),
        object=bare in section("object-verbs"),
        past=past,
        base_past=base_past,
        trap=trap,
        gerund=_is_gerund(bare),
        state=bare in section("states"),
        verb_state=bare in section("verb-states"),
        outcome=bare in section("outcomes"),
        joiner=bare in section("joiners"),
        particle=bare in section("particles"),
        reading=bare in section("reading-verbs"),
        foreign=bare in section("foreign") or (not bare.isascii()) or _ends_foreign(bare),
    )
    return msgspec.structs.replace(found, tag=_tag(found))


def _tag(word: Word) -> str:
    """One letter for the class of a word."""
    classes = (
        ("f", word.foreign and not word.past and not word.verb),
        ("B", word.base_past),
        ("T", word.trap),
        ("P", word.past),
        ("S", word.state),
        ("s", word.verb_state),
        ("Q", word.reading),
        ("O", word.outcome),
        ("V", word.pure),
        ("N", word.noun_first),
        ("v", word.homograph),
        ("G", word.gerund),
        ("j", word.joiner or word.particle),
    )
    return next((letter for letter, holds in classes if holds), "x")


_FOREIGN_ENDINGS = (
    "ción",
    "ungen",
    "lung",
    "rung",
    "nung",
    "tung",
    "gung",
    "bung",
    "ieren",
    "iert",
    "zione",
    "eerd",
    "heid",
    "schap",
    "keit",
)
_SHORT = 5


def _ends_foreign(word: str) -> bool:
    return len(word) > _SHORT and word.endswith(_FOREIGN_ENDINGS)


def _is_gerund(word: str) -> bool:
    if not word.endswith("ing") or word in section("gerund-nouns") or len(word) < _SHORT:
        return False
    stem = word[:-3]
    return is_verb(stem) or is_verb(stem + "e") or (stem[-1] == stem[-2] and is_verb(stem[:-1]))
