"""Judging a topology: all rules over one index, source by source, and what could not be judged."""

from collections.abc import Iterable, Iterator
from pathlib import PurePath

from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Fact, Topology, Value
from tense.rules.meaning.hidden import weighed
from tense.rules.meaning.index import Index, index
from tense.rules.meaning.rule import Rule, Thresholds

TOLD_BY_MESSAGE: frozenset[Fact] = frozenset({"kinds", "fields"})
"""Facts that a source may tell of one message and not of another."""


class Unjudged(Value, frozen=True, kw_only=True):
    """One rule not judged in one source, and the facts that were missing; none: the fleet is not whole."""

    rule: str
    source: str
    missing: tuple[Fact, ...]


class Judgement(Value, frozen=True, kw_only=True):
    """What the rules found, the gravest of one place first, and what they could not judge."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]


def judge(
    topology: Topology,
    rules: Iterable[Rule],
    thresholds: Thresholds | None = None,
    *,
    verbs: Iterable[str] = (),
) -> Judgement:
    """Judge a topology by the given rules. Where a source does not tell what a rule needs, it is silent."""
    settled = thresholds or Thresholds()
    derived = index(topology, verbs)
    findings: list[Finding] = []
    unjudged: list[Unjudged] = []
    for rule in rules:
        blind = {missing.source: missing for missing in _blind(rule, topology, settled)}
        unjudged.extend(blind.values())
        if blind and (rule.whole or set(topology.sources) <= set(blind)):
            continue
        findings.extend(one for one in _once(rule.judge(derived, settled)) if _source(one, derived) not in blind)
    return Judgement(findings=tuple(weighed(findings, derived)), unjudged=tuple(unjudged))


def _blind(rule: Rule, topology: Topology, thresholds: Thresholds) -> Iterator[Unjudged]:
    part = rule.whole and not is_whole(topology, thresholds)
    for source in topology.sources or ("",):
        missing = (rule.needs & set(topology.unknown.get(source, ()))) - TOLD_BY_MESSAGE
        if missing or part:
            yield Unjudged(rule=rule.id, source=source, missing=tuple(sorted(missing)))


def is_whole(topology: Topology, thresholds: Thresholds) -> bool:
    """True where an absence may be judged: nobody else is there. A document tells of one application only."""
    if thresholds.whole_fleet is not None:
        return thresholds.whole_fleet
    return not any(channel.place and channel.place.pointer is not None for channel in topology.channels)


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: set[tuple[object, ...]] = set()
    for finding in findings:
        key = (finding.rule, finding.subject, finding.text, finding.place)
        if key not in seen:
            seen.add(key)
            yield finding


def _source(finding: Finding, derived: Index) -> str:
    """The source whose file or folder the finding lies in."""
    if finding.place is None:
        return ""
    sources = derived.topology.sources
    if finding.place.file in derived.topology.unknown or len(sources) <= 1:
        return finding.place.file if len(sources) != 1 else sources[0]
    path = PurePath(finding.place.file)
    return next((source for source in sources if path.is_relative_to(source)), finding.place.file)
