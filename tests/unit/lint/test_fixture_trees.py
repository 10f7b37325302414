"""What the check finds in small trees in the manner of other frameworks: the faults put there, and no others."""

from pathlib import Path

import pytest

from tense.lint.run import judge
from tense.topology.read import read_topology

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("faststream", {("G42", "SendInvoice")}),
        (
            "celery",
            {("G16", "ship_order"), ("N02", "order_was_charged"), ("G35", "charge_card")},
        ),
        ("protean", {("N01", "NotifyWarehouse")}),
        ("plainbus", {("N01", "CreateShipment")}),
        ("mixed", {("X04", "broken.py")}),
    ],
)
def test_each_fault_is_found_and_nothing_else_weighs(tree: str, expected: set[tuple[str, str]]):
    report = judge(read_topology([str(FIXTURES / tree)]))

    found = {(one.rule, one.subject.rpartition("/")[2]) for one in report.findings if one.severity != "note"}
    assert found == expected


@pytest.mark.parametrize(
    ("tree", "rule", "subject"),
    [
        ("faststream", "G11", "OrderPlaced"),
        ("celery", "G34", "order_was_charged"),
        ("plainbus", "N10", "CreateBatch"),
        ("plainbus", "N33", "Allocated"),
    ],
)
def test_what_is_worth_a_thought_is_a_note(tree: str, rule: str, subject: str):
    report = judge(read_topology([str(FIXTURES / tree)]))

    assert (rule, subject, "note") in {(one.rule, one.subject, one.severity) for one in report.findings}


def test_what_foreign_source_cannot_tell_is_said():
    report = judge(read_topology([str(FIXTURES / "plainbus")]))

    assert report.unjudged


def test_every_finding_has_a_line():
    for tree in ("faststream", "celery", "protean", "plainbus", "mixed"):
        for one in judge(read_topology([str(FIXTURES / tree)])).findings:
            assert one.place is not None
            assert one.place.line is not None
