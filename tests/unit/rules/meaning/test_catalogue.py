"""Every rule finds its bad example and leaves its good one alone, and its page is current."""

import re
from pathlib import Path

import pytest

from tense.lint.explain import pages
from tense.rules.meaning.judge import judge
from tense.rules.meaning.rule import Rule
from tense.rules.meaning.sketch import sketch
from tense.rules.meaning.table import RULES

PAGES = Path(__file__).resolve().parents[4] / "docs" / "reference" / "rules"


def test_the_catalogue_has_34_names_42_graph_and_18_schema_rules():
    ids = [rule.id for rule in RULES]

    wanted = [
        f"{letter}{number:02}" for letter, last in (("N", 34), ("G", 42), ("S", 18)) for number in range(1, last + 1)
    ]
    assert ids == wanted


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_example_and_says_where_and_how_to_mend_it(rule: Rule):
    findings = judge(sketch(rule.bad), [rule], rule.given).findings

    assert {finding.rule for finding in findings} == {rule.id}
    for finding in findings:
        assert finding.place is not None
        assert finding.subject
        assert finding.text.endswith((".", "?"))
        assert finding.mend.endswith((".", "?"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_leaves_its_good_example_alone(rule: Rule):
    assert judge(sketch(rule.good), [rule], rule.given).findings == ()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_bad_example_weighs_what_the_rule_says_unless_signs_weigh_it(rule: Rule):
    findings = judge(sketch(rule.bad), [rule], rule.given).findings

    signs = {"N18", "N19", "S05", "G10", "G11", "G12"}
    wanted = "note" if rule.id in signs else rule.severity
    assert {finding.severity for finding in findings} == {wanted}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_its_reason_in_one_sentence(rule: Rule):
    assert rule.reason.endswith(".")
    assert re.search(r"\. [A-Z]", rule.reason) is None
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)


def test_the_pages_of_the_rules_are_current():
    written = {page.name: page.read_text(encoding="utf-8") for page in PAGES.glob("*.md")}

    assert written == pages(), "run scripts/rule_pages"
