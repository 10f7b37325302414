"""One run of the linter: judge a topology under a project's settings, and give a report."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from tense.lint import baseline
from tense.lint.config import Config
from tense.lint.silence import complaints, silenced
from tense.rules.meaning.finding import WEIGHT, Finding, Severity
from tense.rules.meaning.graph import Problem, Topology, Value
from tense.rules.meaning.judge import Unjudged
from tense.rules.meaning.judge import judge as judged_by

_FEW = 3
"""A document that breaks its format in many places is told of in that many."""


class Report(Value, frozen=True, kw_only=True):
    """What a run has to say. `silenced` and `known` count what was left out: with a reason, by a baseline."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...] = ()
    sources: tuple[str, ...] = ()
    services: int = 0
    messages: int = 0
    silenced: int = 0
    known: int = 0
    fail_on: Severity = "warning"

    def status(self) -> int:
        """0 where nothing weighs enough to fail, 1 where something does."""
        return int(any(WEIGHT[one.severity] >= WEIGHT[self.fail_on] for one in self.findings))


def judge(topology: Topology, config: Config | None = None) -> Report:
    """Judge a topology under the settings: select, weigh, silence; sorted by file, line and rule."""
    settled = config or Config()
    marked = _with_roles(topology, settled)
    judgement = judged_by(marked, settled.rules(), settled.thresholds, verbs=settled.verbs)
    found = [*_read_badly(topology.problems), *judgement.findings]
    kept = [one for one in found if not (one.place and settled.ignores(one.rule, one.place.file))]
    weighed = list(_weighed(kept, settled))
    stay, quiet = silenced(weighed)
    files = [one.place.file for one in weighed if one.place]
    stay += [one for one in complaints(files) if one.rule not in settled.ignore]
    return Report(
        findings=tuple(sorted(stay, key=_order)),
        unjudged=judgement.unjudged,
        sources=topology.sources,
        services=len(topology.services),
        messages=len(topology.messages),
        silenced=len(quiet),
        fail_on=settled.fail_on,
    )


def against(report: Report, known: Counter[str]) -> Report:
    """The report without the findings of a baseline."""
    fresh, old = baseline.new(report.findings, known)
    return replace(report, findings=tuple(fresh), known=old)


def with_baseline(report: Report, path: Path) -> tuple[Report, bool]:
    """Compare with the baseline in a file, or write it where there is none; True where it was written."""
    if path.exists():
        return against(report, baseline.read(path)), False
    baseline.write(path, report.findings)
    return against(report, baseline.read(path)), True


def _with_roles(topology: Topology, config: Config) -> Topology:
    if not config.roles:
        return topology
    services = tuple(
        replace(one, roles=tuple(dict.fromkeys((*one.roles, *config.roles.get(one.name, ())))))
        for one in topology.services
    )
    return replace(topology, services=services)


def _weighed(findings: Iterable[Finding], config: Config) -> Iterator[Finding]:
    for finding in findings:
        level = config.severity.get(finding.rule, finding.severity)
        if level != "off":
            yield replace(finding, severity=level)


def _read_badly(problems: Iterable[Problem]) -> Iterator[Finding]:
    """What a reader could not read, or read with a doubt, as findings of the linter; a few of each file."""
    seen: Counter[str] = Counter()
    told = tuple(problems)
    count = Counter(problem.place.file if problem.place else "" for problem in told if not problem.fatal)
    for problem in told:
        file = problem.place.file if problem.place else ""
        seen[file] += not problem.fatal
        if not problem.fatal and seen[file] > _FEW:
            continue
        more = count[file] - _FEW if seen[file] == _FEW else 0
        rule, name = ("X03", "source-not-read") if problem.fatal else ("X04", "source-in-doubt")
        yield Finding(
            rule=rule,
            name=name,
            severity="error" if problem.fatal else "note" if problem.doubt else "warning",
            certainty=1.0,
            subject=problem.place.file if problem.place else "",
            text=f"{problem.text} (and {more} more in this file)" if more > 0 else problem.text,
            mend="Mend the source, or leave it out.",
            place=problem.place,
        )


def _order(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    where = (place.file, place.line or 0, place.pointer or "") if place else ("", 0, "")
    return (*where, finding.rule, finding.subject, finding.text)
