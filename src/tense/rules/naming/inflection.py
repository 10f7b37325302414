"""Forms of English verbs, both ways: base to past and past to base, particles and homographs included."""

from functools import lru_cache

from tense.rules.naming.lexicon import irregular, irregular_pasts, section, verbs

PREFIXES = ("re", "un", "over", "mis", "out", "under", "up", "with", "fore", "pre", "de", "dis")
"""Prefixes that keep the forms of the verb behind them: resent, rebuilt, undone, overridden."""

TRAPS = frozenset({"found", "lay", "wound", "bound", "saw", "fell", "left", "felt", "ground", "rose", "lit", "rent", "led"})
"""Pasts that are a base form, an adjective or a thing as well; only what stands before them tells."""

MISSPELT = {"payed": "pay", "splitted": "split", "putted": "put", "setted": "set", "shutted": "shut", "casted": "cast",
            "costed": "cost", "rolledback": "roll back", "pickedup": "pick up", "signedup": "sign up", "loggedin": "log in",
            "loggedout": "log out", "loggedoff": "log off", "checkedin": "check in", "checkedout": "check out",
            "timedout": "time out", "writed": "write", "sended": "send", "builded": "build", "choosed": "choose",
            "recieved": "receive", "occured": "occur", "transfered": "transfer", "canceld": "cancel"}  # fmt: skip

_VOWELS = "aeiou"
_SHORTEST_PAST = 4
_DOUBLING = frozenset(
    """admit allot ban bar bat beg blot ban chat clip commit compel confer control crop defer deter dip drag drop drum enrol excel
    expel fit flag flip format forget fulfil grab handicap hop hug incur infer input jam jog knit label log lap map mop nag net nod occur omit
    output pad pat permit pin plan plot plug pop prefer program prop propel quit rebut recur refer regret rig rip rob rub scan scrap
    ship shop shred skip slam slap slip slot snap spam spot squat stab step stir stop strap strip submit sum swap swat tag tan tap thin
    tip top transfer transmit trap trim trip unban unpin unplug untag unwrap unzip up vet wed wrap zap zip mug equip debug remit bid
    embed unsubmit resubmit unstar star rerun prefab snag""".split()  # noqa: SIM905 - a table of words reads better than a list of quotes
)
_DOUBLING_IN_BRITISH = frozenset({"cancel", "travel", "label", "model", "signal", "level", "total", "channel", "fuel", "tunnel", "dial", "marshal"})


def past_of(verb: str) -> str:
    """The past participle of a base form, as the name of an event has it: place, placed; send, sent; set, set."""
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
    if verb in _DOUBLING:
        return verb + verb[-1] + "ed"
    if verb.endswith("c"):
        return verb + "ked"
    return verb + ("led" if verb in _DOUBLING_IN_BRITISH else "ed")


@lru_cache(maxsize=1)
def _regular_pasts() -> dict[str, str]:
    table = {past_of(verb): verb for verb in sorted(verbs()) if past_of(verb) != verb}
    for verb in _DOUBLING_IN_BRITISH:
        table[verb + "ed"] = table[verb + "led"] = verb
    for verb in irregular():
        if verb not in {"lead", "feed", "breed", "bleed"}:
            table.setdefault((verb + "d") if verb.endswith("e") else (verb + "ed"), verb)
    for form in ("feeded", "doed", "goed", "seed", "need"):
        table.pop(form, None)
    return table


@lru_cache(maxsize=8192)
def base_of(past: str) -> str | None:
    """The base form behind a past form, None when the word is no past: placed, place; sent, send; feed, None."""
    past = past.lower()
    if past in section("not-past"):
        return None
    if past in section("base-past"):
        return past
    if past in MISSPELT:
        return MISSPELT[past]
    known = irregular_pasts().get(past) or _regular_pasts().get(past)
    if known is not None:
        return known
    for prefix in PREFIXES:
        rest = past[len(prefix) :].lstrip("-")
        if past.startswith(prefix) and len(rest) >= _SHORTEST_PAST - 1:
            inner = irregular_pasts().get(rest) or _regular_pasts().get(rest) or (rest if rest in section("base-past") else None)
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
    if stem[-1] in "cvgsuz" or stem.endswith(("at", "et", "it", "ut", "ot", "bl", "dl", "tl", "pl", "ir", "ur", "ar", "or", "in")):
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
        word.startswith(prefix) and word[len(prefix) :].lstrip("-") in known and len(word) - len(prefix) > _SHORTEST_PAST - 1
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
        if verb.startswith(prefix) and rest in table and verb not in verbs_that_are_regular():
            pasts, participles = table[rest]
            return tuple(prefix + form for form in pasts), tuple(prefix + form for form in participles)
    return None


def verbs_that_are_regular() -> frozenset[str]:
    """Verbs that only look like a prefix before an irregular one."""
    return frozenset({"recover", "relay", "delay", "redeem", "release", "relieve", "preheat", "display", "outlay", "upend"})
