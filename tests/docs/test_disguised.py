"""The disguised example runs, and each of its faults is found and explained."""

import subprocess
import sys
from pathlib import Path

import pytest

from tense.lint.explain import explain
from tense.lint.run import Report, judge
from tense.topology.read import read_topology

ROOT = Path(__file__).resolve().parents[2]
DISGUISED = ROOT / "examples" / "disguised"


@pytest.fixture(scope="module")
def report() -> Report:
    return judge(read_topology([str(DISGUISED)]))


def test_the_example_runs_as_if_nothing_were_wrong():
    done = subprocess.run(
        [sys.executable, str(DISGUISED / "run.py")], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.split()[-2:] == ["OrderCancelled", "OrderCancelled"]


@pytest.mark.parametrize(
    ("rule", "subject", "severity"),
    [
        ("N18", "CollectPaymentRequested", "error"),
        ("S05", "CollectPaymentRequested", "error"),
        ("G10", "CollectPaymentRequested", "error"),
        ("G11", "CollectPaymentRequested", "error"),
        ("G13", "CollectPaymentRequested", "warning"),
        ("G06", "OrderCancelled", "error"),
        ("G07", "OrderCancelled", "error"),
        ("G21", "AddressChanged", "warning"),
        ("G18", "AddressChanged", "warning"),
        ("G19", "AddressChanged", "warning"),
        ("S01", "AddressChanged", "warning"),
        ("G02", "ReserveGoods", "error"),
        ("G04", "ReserveGoods", "error"),
        ("G08", "ReserveGoods", "error"),
    ],
)
def test_each_fault_is_found_at_a_place_and_explained(report: Report, rule: str, subject: str, severity: str):
    found = [one for one in report.findings if one.rule == rule and one.subject.endswith(subject)]

    assert found
    assert {one.severity for one in found} == {severity}
    assert all(one.place is not None and one.place.line for one in found)
    assert explain(rule).startswith(f"# {rule} ")


def test_nothing_else_fails(report: Report):
    meant = {"N18", "S05", "G10", "G11", "G13", "G06", "G07", "G21", "G18", "G19", "S01", "G02", "G04", "G08"}

    assert {one.rule for one in report.findings if one.severity != "note"} == meant
