"""What a rule is, in words: the text of `--explain N09` and of the page about it, from one source."""

import textwrap

from tense.lint.refusal import UnusableInputError
from tense.rules.meaning.hidden import SIGNS
from tense.rules.meaning.rule import Family, Rule, Thresholds
from tense.rules.meaning.table import BY_ID, RULES

_FAMILIES: dict[Family, str] = {
    "names": "what a name says, against what the message is",
    "graph": "who says, handles and waits for what",
    "schema": "what a body carries",
}


def explain(rule: str) -> str:
    """The page of one rule. UnusableInputError where there is none of that id or name."""
    wanted = rule.strip()
    found = BY_ID.get(wanted.upper()) or next((one for one in RULES if one.name == wanted.lower()), None)
    if found is None:
        raise UnusableInputError(
            f"there is no rule {wanted[:40]!r}.", mend="The ids are N01 to N34, G01 to G42 and S01 to S18."
        )
    return page(found)


def page(rule: Rule) -> str:
    """The page of a rule, as Markdown."""
    parts = [
        f"# {rule.id} {rule.name}",
        f"*{rule.severity}, {rule.family}*",
        _wrapped(rule.reason),
        f"**Found when** {_lower(rule.criterion)}",
        *_notes(rule),
        "## Bad",
        _block(rule.bad),
        "## Good",
        _block(rule.good),
        _silence(rule),
        f"Source: {rule.source}",
    ]
    return "\n\n".join(_wrapped(part) if part.startswith(("**", "Source")) else part for part in parts) + "\n"


def _silence(rule: Rule) -> str:
    return (
        f"## Silence\n\n`# tense: ignore[{rule.id}] why` on the line, or above it; a reason is required.\n"
        f'For all of a project: `ignore = ["{rule.id}"]` in `[tool.tense.check]`.'
    )


def _notes(rule: Rule) -> list[str]:
    notes: list[str] = []
    if rule.needs:
        notes.append(f"**Judged where the source tells** {_listed(sorted(rule.needs))}.")
    if rule.whole:
        notes.append(
            "**Judged only over a whole fleet**: it rests on an absence, and documents tell of one application each."
        )
    if rule.id in SIGNS:
        notes.append(
            "**One of several signs** of a command in disguise (name: N18, N19; body: S05; graph: G10, G11, "
            "G12). "
            "One sign alone is a note, two that do not depend on each other a warning, all three an error."
        )
    if rule.given != Thresholds():
        notes.append(f"**Configured in the examples:** `layers = {[list(group) for group in rule.given.layers]}`.")
    return [_wrapped(note) for note in notes]


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _block(sketch: str) -> str:
    return f"```text\n{sketch.strip()}\n```"


_INTRODUCTION = """\
Written from the table of rules by `scripts/rule_pages`; `tense check --explain N09` prints the same page.
Examples are sketches: a message with its owner and fields, then who says and handles what.
An error is wrong before any reader, a warning is wrong unless there is a reason, a note is worth knowing.
Where no source declares the kind and only the name or the use tells it, an error weighs as a warning.
""".splitlines()


def contents() -> str:
    """The list of all rules, as Markdown."""
    lines = ["# Rules of `tense check`", "", *_INTRODUCTION]
    for family, about in _FAMILIES.items():
        lines += [
            "",
            f"## {family.capitalize()}: {about}",
            "",
            "| id | name | severity | why |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity} | {rule.reason} |"
            for rule in RULES
            if rule.family == family
        ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """All pages by file name."""
    return {"index.md": contents(), **{f"{rule.id}.md": page(rule) for rule in RULES}}
