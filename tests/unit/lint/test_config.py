"""Settings: what a project may say, and that a slip is told with what was meant."""

from pathlib import Path

import pytest

from tense.lint.config import Config, find, load, parse
from tense.lint.refusal import UnusableInputError
from tense.lint.run import judge
from tense.rules.meaning.sketch import sketch

CRUD = "event CustomerUpdated of crm {customer_id}"


def rules(config: Config) -> set[str]:
    return {rule.id for rule in config.rules()}


def test_all_rules_are_selected_by_default():
    assert len(rules(parse({}))) == 94


def test_rules_are_selected_by_family_and_ignored_by_id():
    chosen = rules(parse({"select": ["N", "G13"], "ignore": ["N09"]}))

    assert "G13" in chosen
    assert "G14" not in chosen
    assert "N08" in chosen
    assert "N09" not in chosen


def test_a_rule_may_be_switched_off_or_given_another_weight():
    off = parse({"severity": {"N09": "off"}})
    grave = parse({"severity": {"N09": "error"}})

    assert "N09" not in rules(off)
    assert {one.severity for one in judge(sketch(CRUD), grave).findings} == {"error"}


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"selct": ["N"]}, "select"),
        ({"thresholds": {"chian": 4}}, "chain"),
        ({"select": ["N99"]}, "unknown rule 'N99'. Did you mean 'N"),
        ({"ignore": ["Z"]}, "N01"),
        ({"severity": {"N09": "fatal"}}, "fatal"),
        ({"thresholds": {"chain": "four"}}, "int"),
        ({"thresholds": 4}, "table"),
        ({"layers": "shop"}, "array"),
    ],
)
def test_a_slip_is_told_with_what_was_meant(table, word):
    with pytest.raises(UnusableInputError, match=word):
        parse(table, where="pyproject.toml")


def test_thresholds_move_the_bar():
    chain = "\n".join(
        f"event Step{one}Taken of s{one}\ns{one}/do publishes Step{one}Taken\ns{one + 1}/do handles Step{one}Taken"
        for one in range(4)
    )

    strict = judge(sketch(chain), parse({"select": ["G13"]}))
    loose = judge(sketch(chain), parse({"select": ["G13"], "thresholds": {"chain": 9}}))

    assert [one.rule for one in strict.findings] == ["G13"]
    assert loose.findings == ()


def test_layers_forbidden_pairs_and_independent_groups_are_kept():
    topology = sketch("event BasketFilled of shop\nshop publishes BasketFilled\nstock/hold handles BasketFilled")

    for table in (
        {"layers": [["shop"], ["stock"]]},
        {"forbidden": [["stock", "shop"]]},
        {"independent": [["shop", "stock"]]},
    ):
        assert [one.rule for one in judge(topology, parse({"select": ["G29"], **table})).findings] == ["G29"]
    assert judge(topology, parse({"select": ["G29"], "layers": [["stock"], ["shop"]]})).findings == ()


def test_rules_are_ignored_on_paths():
    config = parse({"per-path-ignores": {"legacy/**": ["N09"]}})

    assert judge(sketch(CRUD, source="legacy/crm.py"), config).status() == 0
    assert not [one for one in judge(sketch(CRUD, source="legacy/crm.py"), config).findings if one.rule == "N09"]
    assert [one for one in judge(sketch(CRUD, source="crm.py"), config).findings if one.rule == "N09"]


def test_a_service_is_given_a_role():
    heard = "\n".join(
        f"event Thing{one}Placed of s{one}\ns{one}/do publishes Thing{one}Placed\nhub/on{one} handles Thing{one}Placed"
        for one in range(6)
    )

    assert judge(sketch(heard), parse({"select": ["G23"]})).findings
    assert not judge(sketch(heard), parse({"select": ["G23"], "roles": {"hub": ["audit"]}})).findings


def test_settings_are_read_from_the_nearest_pyproject(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.tense.check]\nignore = ["N09"]\nfail-on = "error"\n')
    inside = tmp_path / "src" / "shop"
    inside.mkdir(parents=True)

    config = find(inside)

    assert config.ignore == ("N09",)
    assert config.fail_on == "error"


def test_a_file_of_its_own_needs_no_tool_table(tmp_path: Path):
    (tmp_path / "check.toml").write_text('select = ["N"]\nwhole-fleet = true\n')

    config = load(tmp_path / "check.toml")

    assert config.select == ("N",)
    assert config.thresholds.whole_fleet is True


def test_a_pyproject_without_our_table_gives_the_defaults(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')

    assert load(tmp_path / "pyproject.toml") == Config()


def test_broken_toml_is_refused_in_one_line(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.tense.check\n")

    with pytest.raises(UnusableInputError) as refused:
        load(tmp_path / "pyproject.toml")

    assert "\n" not in str(refused.value)
    assert "pyproject.toml" in str(refused.value)
