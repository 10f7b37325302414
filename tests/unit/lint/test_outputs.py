"""Reports: for people, programs, editors and code hosts."""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from tense.lint import github, jsonout, sarif, text
from tense.lint.config import parse
from tense.lint.explain import explain
from tense.lint.refusal import UnusableInputError
from tense.lint.run import Report, judge
from tense.rules.meaning.graph import Place, Problem, Topology
from tense.rules.meaning.sketch import sketch
from tense.rules.meaning.table import BY_ID

PLACE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "type": "object",
            "additionalProperties": False,
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                },
            },
        },
        "logicalLocations": {"type": "array", "items": {"type": "object", "required": ["fullyQualifiedName"]}},
        "message": {"type": "object", "required": ["text"]},
    },
}
OURS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"enum": ["2.1.0"]},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["tool"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {"driver": {"type": "object", "required": ["name"]}},
                    },
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["message"],
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": -1},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "rank": {"type": "number", "minimum": -1, "maximum": 100},
                                "message": {"type": "object", "required": ["text"]},
                                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                                "locations": {"type": "array", "items": PLACE},
                                "relatedLocations": {"type": "array", "uniqueItems": True, "items": PLACE},
                                "codeFlows": {
                                    "type": "array",
                                    "items": {"type": "object", "required": ["threadFlows"]},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}
"""The part of SARIF 2.1.0 that we print, by hand; the whole schema is used where SARIF_SCHEMA names its file."""


@pytest.fixture
def report() -> Report:
    chain, refused = BY_ID["G13"].bad, BY_ID["G33"].bad.replace("OrderPlaced", "OrderRefunded")
    return judge(sketch(f"{chain}\n{refused}\nevent CustomerUpdated of crm"), parse({"select": ["G", "N09"]}))


def test_text_shows_place_way_and_mend_and_ends_with_a_sum(report: Report):
    shown = text.render(report)

    assert "warning G13 event-chain-long" in shown
    assert "  --> sketch:4" in shown
    assert "orders ╌╌ OrderPlaced ╌╌▷ billing ╌╌ InvoiceRaised ╌╌▷ stock ╌╌ GoodsPicked ╌╌▷ shipping" in shown
    assert "mend: Let one process" in shown
    assert shown.rstrip().endswith("1 error, 1 warning, 1 note over 5 messages and 5 services from 1 source.")


def test_text_quotes_the_line_of_the_source(tmp_path: Path):
    source = tmp_path / "crm.txt"
    source.write_text("event CustomerUpdated of crm\n")

    shown = text.render(judge(sketch(source.read_text(), source=str(source)), parse({"select": ["N09"]})))

    assert "    1 | event CustomerUpdated of crm" in shown


def test_text_says_what_was_not_judged_and_why():
    topology = Topology(sources=("a.yaml",), unknown={"a.yaml": ("inside", "waits")})

    shown = text.render(judge(topology, parse({"select": ["G13", "G17"]})))

    assert "not judged in a.yaml, which does not tell what a handler says: G13" in shown
    assert "not judged in a.yaml, which does not tell what a handler says or who waits: G17" in shown


def test_json_tells_everything_once(report: Report):
    document = json.loads(jsonout.render(report))

    assert document["summary"]["errors"] == 1
    assert document["summary"]["status"] == 1
    assert {one["rule"] for one in document["findings"]} == {"G13", "G33", "N09"}
    assert len({one["fingerprint"] for one in document["findings"]}) == len(document["findings"])


def test_sarif_is_valid(report: Report):
    document = json.loads(sarif.render(report))

    jsonschema.Draft7Validator(OURS, format_checker=jsonschema.FormatChecker()).validate(document)
    (run,) = document["runs"]
    assert {one["ruleId"]: one["level"] for one in run["results"]} == {"G13": "warning", "G33": "error", "N09": "note"}
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    chain = next(one for one in run["results"] if one["ruleId"] == "G13")
    assert len(chain["codeFlows"][0]["threadFlows"][0]["locations"]) == 3


def test_sarif_is_valid_against_the_official_schema(report: Report):
    where = os.environ.get("SARIF_SCHEMA")
    if not where:
        pytest.skip("SARIF_SCHEMA does not name a copy of sarif-schema-2.1.0.json")

    schema = json.loads(Path(where).read_text(encoding="utf-8"))

    jsonschema.validators.validator_for(schema)(schema).validate(json.loads(sarif.render(report)))


def test_github_gets_one_line_for_each_finding_with_its_place(report: Report):
    lines = github.render(report).splitlines()

    assert len(lines) == 3
    assert any(line.startswith("::warning file=sketch,line=4,title=G13 event-chain-long::") for line in lines)
    assert any(line.startswith("::error ") for line in lines)
    assert any(line.startswith("::notice ") for line in lines)


def test_github_escapes_what_would_end_a_command():
    problem = Problem(text="100% broken\nreally", place=Place(file="a,b:c.yaml", line=2), fatal=True)

    (line,) = github.render(judge(Topology(sources=("a",), problems=(problem,)))).splitlines()

    assert line.startswith("::error file=a%2Cb%3Ac.yaml,line=2,title=X03 source-not-read::100%25 broken%0Areally")


@pytest.mark.parametrize(
    ("problem", "severity"), [({"fatal": True}, "error"), ({}, "warning"), ({"doubt": True}, "note")]
)
def test_what_could_not_be_read_is_a_finding(problem, severity):
    topology = Topology(sources=("a",), problems=(Problem(text="is broken", place=Place(file="a"), **problem),))

    assert [one.severity for one in judge(topology).findings] == [severity]


def test_notes_do_not_fail_unless_the_project_says_so():
    topology = sketch("event CustomerUpdated of crm {customer_id}")

    assert judge(topology).status() == 0
    assert judge(topology, parse({"fail-on": "note"})).status() == 1


def test_a_rule_is_explained_by_id_or_name():
    assert explain("n09") == explain("crud-event")
    assert "CustomerUpdated" in explain("N09")
    with pytest.raises(UnusableInputError, match="N34"):
        explain("N99")
