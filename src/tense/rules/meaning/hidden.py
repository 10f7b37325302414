"""Several signs of one disguise: an event that is an order, told by its name, its body and its graph.

Each sign alone is a habit that may have its reasons, hence a note; two that do not depend on each other are a
warning, all three an error.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec.structs import replace

from tense.rules.meaning.finding import Finding, Severity
from tense.rules.meaning.index import Index

World = Literal["name", "body", "graph"]

SIGNS: dict[str, World] = {
    "N18": "name",
    "N19": "name",
    "S05": "body",
    "G10": "graph",
    "G11": "graph",
    "G12": "graph",
}
"""Rules whose weight depends on the other signs."""

WITNESSES: dict[str, World] = {**SIGNS, "N01": "name", "N17": "name"}
"""Rules that count as a sign; the last two stand on their own feet."""

WEIGHTS: dict[int, tuple[Severity, float]] = {1: ("note", 0.4), 2: ("warning", 0.75), 3: ("error", 0.95)}


def weighed(findings: Iterable[Finding], index: Index) -> Iterator[Finding]:
    """The findings, those of a hidden command with the weight that all signs together give them."""
    kept = tuple(findings)
    worlds: defaultdict[str, set[World]] = defaultdict(set)
    for finding in kept:
        if finding.rule in WITNESSES:
            worlds[finding.subject].add(WITNESSES[finding.rule])
    for finding in kept:
        yield _weighed(finding, worlds[finding.subject], index) if finding.rule in SIGNS else finding


def _weighed(finding: Finding, worlds: set[World], index: Index) -> Finding:
    severity, certainty = WEIGHTS[len(worlds)]
    if severity == "error" and not index.declared(finding.subject):
        severity = "warning"
    text = finding.text
    if len(worlds) > 1:
        count = {2: "Two", 3: "Three"}[len(worlds)]
        text += f" {count} independent signs ({', '.join(sorted(worlds))}): a command in disguise."
    return replace(finding, severity=severity, certainty=certainty, text=text)
