"""A report for programs, as one JSON document."""

import msgspec

from tense.lint.baseline import fingerprint
from tense.lint.run import Report


def render(report: Report) -> str:
    """The report as JSON: findings, what was not judged, and the sums."""
    rows = [{**msgspec.to_builtins(one), "fingerprint": fingerprint(one)} for one in report.findings]
    document = {
        "findings": rows,
        "not_judged": msgspec.to_builtins(report.unjudged),
        "summary": {
            "errors": sum(one.severity == "error" for one in report.findings),
            "warnings": sum(one.severity == "warning" for one in report.findings),
            "notes": sum(one.severity == "note" for one in report.findings),
            "silenced": report.silenced,
            "known": report.known,
            "sources": list(report.sources),
            "services": report.services,
            "messages": report.messages,
            "status": report.status(),
        },
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"
