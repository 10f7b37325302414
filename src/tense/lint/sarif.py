"""A report as SARIF 2.1.0, which code hosts and editors read."""

from pathlib import Path
from urllib.parse import quote

import msgspec

from tense.lint.baseline import fingerprint
from tense.lint.run import Report
from tense.lint.text import relative
from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Place
from tense.rules.meaning.rule import Rule
from tense.rules.meaning.table import BY_ID

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report) -> str:
    """The report as one SARIF log with one run."""
    used = list(dict.fromkeys(finding.rule for finding in report.findings))
    names = {finding.rule: finding.name for finding in report.findings}
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tense", "rules": [_descriptor(rule, names[rule]) for rule in used]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, used.index(finding.rule)) for finding in report.findings],
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _descriptor(rule: str, name: str) -> dict[str, object]:
    known: Rule | None = BY_ID.get(rule)
    described: dict[str, object] = {
        "id": rule,
        "name": "".join(part.capitalize() for part in name.split("-")),
    }
    if known is not None:
        described |= {
            "shortDescription": {"text": known.criterion},
            "fullDescription": {"text": known.reason},
            "help": {"text": f"{known.reason} `tense check --explain {rule}` shows examples."},
            "defaultConfiguration": {"level": known.severity},
        }
    return described


def _result(finding: Finding, index: int) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "rank": round(finding.certainty * 100, 1),
        "message": {"text": f"{finding.text} {finding.mend}"},
        "partialFingerprints": {"tense/v1": fingerprint(finding)},
        "locations": [_location(finding.place, finding)] if finding.place else [],
    }
    if finding.related:
        result["relatedLocations"] = [_location(place) for place in dict.fromkeys(finding.related)]
    steps = [_step(place, text) for place, text in _steps(finding)]
    if steps:
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _steps(finding: Finding) -> list[tuple[Place, str]]:
    return [(hop.place, f"{hop.service} {hop.verb} {hop.message}") for hop in finding.path if hop.place]


def _step(place: Place, text: str) -> dict[str, object]:
    return {"location": {**_location(place), "message": {"text": text}}}


def _location(place: Place, finding: Finding | None = None) -> dict[str, object]:
    physical: dict[str, object] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    location: dict[str, object] = {"physicalLocation": physical}
    name = place.pointer or (finding.subject if finding else "")
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(file: str) -> str:
    path = Path(relative(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
