"""What is left out: with a reason on the line, or because a baseline knows it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tense.lint import baseline
from tense.lint.config import parse
from tense.lint.refusal import UnusableInputError
from tense.lint.run import Report, judge, with_baseline
from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Message, Place, Topology


def judged(path: Path, text: str, line: int) -> Report:
    path.write_text(text)
    place = Place(file=str(path), line=line)
    message = Message(name="CustomerUpdated", written="CustomerUpdated", kind="event", owner="crm", place=place)
    return judge(Topology(sources=(str(path),), messages=(message,)), parse({"severity": {"N09": "warning"}}))


def ids(report: Report) -> list[str]:
    return [one.rule for one in report.findings]


def test_a_silencer_with_a_reason_silences_its_line(tmp_path: Path):
    report = judged(
        tmp_path / "a.py", "class CustomerUpdated: ...  # tense: ignore[N09] the register is the business\n", 1
    )

    assert ids(report) == []
    assert report.silenced == 1


def test_a_silencer_above_the_line_silences_it(tmp_path: Path):
    report = judged(tmp_path / "b.yaml", "x:\n  # tense: ignore[N09] agreed with the register\n  CustomerUpdated:\n", 3)

    assert ids(report) == []


def test_two_silencers_above_one_line_both_count(tmp_path: Path):
    text = "# tense: ignore[N09] reason one\n# tense: ignore[N13] reason two\nclass CustomerUpdated: ...\n"

    assert ids(judged(tmp_path / "c.py", text, 3)) == []


def test_a_silencer_behind_code_on_the_line_before_does_not_reach_further(tmp_path: Path):
    text = "x = 1  # tense: ignore[N09] not about the next line\nclass CustomerUpdated: ...\n"

    assert ids(judged(tmp_path / "d.py", text, 2)) == ["N09"]


def test_a_silencer_without_a_reason_silences_nothing_and_is_found(tmp_path: Path):
    report = judged(tmp_path / "e.py", "class CustomerUpdated: ...  # tense: ignore[N09]\n", 1)

    assert ids(report) == ["N09", "X01"]
    assert report.status() == 1


@pytest.mark.parametrize("bracket", ["[N99]", "", "[]"])
def test_a_silencer_of_nothing_known_is_found(tmp_path: Path, bracket):
    report = judged(tmp_path / "f.py", f"class CustomerUpdated: ...  # tense: ignore{bracket} because\n", 1)

    assert ids(report) == ["N09", "X02"]


def test_a_silencer_of_another_rule_leaves_the_finding(tmp_path: Path):
    assert ids(judged(tmp_path / "g.py", "class CustomerUpdated: ...  # tense: ignore[N13] because\n", 1)) == ["N09"]


def test_the_first_run_writes_the_baseline_and_later_runs_fail_on_new_findings_only(tmp_path: Path):
    kept = tmp_path / "baseline.json"
    first = judged(tmp_path / "h.py", "class CustomerUpdated: ...\n", 1)

    written, is_new = with_baseline(first, kept)
    again, is_new_again = with_baseline(first, kept)
    other = replace(first, findings=(*first.findings, replace(first.findings[0], subject="InvoiceUpdated")))
    grown, _ = with_baseline(other, kept)

    assert (is_new, is_new_again) == (True, False)
    assert written.status() == again.status() == 0
    assert again.known == 1
    assert [one.subject for one in grown.findings] == ["InvoiceUpdated"]
    assert grown.status() == 1


def test_a_fingerprint_survives_moved_lines(tmp_path: Path):
    finding = judged(tmp_path / "i.py", "class CustomerUpdated: ...\n", 1).findings[0]
    moved = replace(finding, place=Place(file="elsewhere.py", line=99), text="worded anew")

    assert baseline.fingerprint(finding) == baseline.fingerprint(moved)
    assert baseline.fingerprint(finding) != baseline.fingerprint(replace(finding, rule="N12"))


def test_a_second_finding_of_the_same_kind_is_new(tmp_path: Path):
    finding = Finding(rule="N09", name="crud-event", severity="note", certainty=1.0, subject="A", text="a.", mend="b.")
    known = baseline.read(_written(tmp_path, [finding]))

    fresh, old = baseline.new([finding, finding], known)

    assert (len(fresh), old) == (1, 1)


def _written(tmp_path: Path, findings: list[Finding]) -> Path:
    baseline.write(tmp_path / "known.json", findings)
    return tmp_path / "known.json"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 9, "findings": []}', '{"version": 1, "findings": [{}]}', "\udcff"]
)
def test_what_is_no_baseline_is_refused_in_one_line(tmp_path: Path, text):
    path = tmp_path / "baseline.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(UnusableInputError) as refused:
        baseline.read(path)

    assert "\n" not in str(refused.value)
