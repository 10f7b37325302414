"""Whether a declared kind and the mood of its name disagree with certainty: what is said at registration."""

from typing import Literal

import msgspec

from tense.rules.naming.forms import as_command, as_event
from tense.rules.naming.phrase import phrase_of
from tense.rules.naming.signs import signs_of

Rule = Literal["N01", "N02"]


class Misnamed(msgspec.Struct, frozen=True, kw_only=True):
    """A name that says another kind than is declared: the rule, why, and a better name where one is known."""

    rule: Rule
    why: str
    mend: str | None = None


def judge_event_name(name: str) -> Misnamed | None:
    """Say what is wrong with the name of an event, None where any doubt is left."""
    grammar = phrase_of(name)
    found = signs_of(name, grammar)
    if found.mood != "imperative" or not found.certain or found.hook or len(found.words) == 1:
        return None
    why = f'"{found.verb}" tells someone to do something; an event says what happened.'
    return Misnamed(rule="N01", why=why, mend=as_event(name))


def judge_command_name(name: str) -> Misnamed | None:
    """Say what is wrong with the name of a command, None where any doubt is left."""
    grammar = phrase_of(name)
    found = signs_of(name, grammar)
    if found.mood != "past" or not found.certain or len(found.words) == 1:
        return None
    why = f'"{found.verb}" is past and says what happened; a command says what to do.'
    return Misnamed(rule="N02", why=why, mend=as_command(name))
