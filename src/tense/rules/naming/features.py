"""What the model looks at: words, endings, classes and order, each as one short text."""

from tense.rules.naming.phrase import Phrase

_FEW = 5
_CLEAR = {"imperative", "past", "state"}
"""Moods that say the kind: what style the sources happen to write such names in must not outweigh them."""


def features(grammar: Phrase) -> list[str]:
    """The features of a name. The texts are the keys of the table of weights, so they change only with it."""
    parts, words = grammar.split, grammar.words
    suffix = parts.suffix or "-"
    mood = _fine_mood(grammar)
    found = ["bias", f"s={suffix}", f"m={mood}", f"m={mood},s={suffix}"]
    if not words:
        return found
    first, last = words[grammar.begin], words[-1]
    tags = "".join(word.tag for word in words[grammar.begin :])
    tag_ends = tags[0] + tags[-1]
    found += [
        f"f={first.text}",
        f"b={first.text[:2]}",
        f"fe={first.text[-3:]}",
        f"t={tag_ends}",
        f"t={tag_ends},s={suffix}",
        f"t2={tags[:2]}",
        f"z2={tags[-2:]}",
        f"n={min(len(words), _FEW)}",
        f"n={min(len(words), _FEW)},m={mood}",
        f"h={words[0].text if grammar.begin else '-'}",
        f"g={min(len(parts.segments), 3)},{min(len(parts.segments[-1]), 2)},{tag_ends[1]}",
    ]
    if grammar.mood not in _CLEAR:
        found += [f"y={parts.style}", f"m={mood},y={parts.style}", f"l={last.text},y={parts.style}"]
    if grammar.mood != "imperative":
        found += [f"l={last.text}", f"e={last.text[-2:]}", f"e3={last.text[-3:]}"]
    if len(words) > 1 and grammar.mood not in _CLEAR:
        found += [f"w1={words[1].text}", f"p={words[-2].text}"]
    if grammar.at is not None:
        found.append(f"a={words[grammar.at].text}")
    if len(parts.segments) > 1:
        long = len(parts.segments[-1]) > 1
        found.append(f"d={len(parts.segments)},{bool(parts.namespace)},{long},{mood}")
        found.append(f"i={parts.pieces[0][:1].isupper()},{parts.pieces[-1][:1].isupper()},{long}")
    if any(word.past for word in words):
        found.append("past")
    return found


def _fine_mood(grammar: Phrase) -> str:
    if grammar.verb_last:
        return "verb-last"
    if grammar.actor_first:
        return "actor"
    return f"{grammar.mood}+" if grammar.inner_imperative else grammar.mood
