"""The figures that are promised: measured on the corpus beside the checkout, where it is there."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
PACKAGE = ROOT / "src" / "tense" / "rules" / "naming"

if not (ROOT / ".." / "shared" / "corpus").is_dir():
    pytest.skip("the corpus (shared/corpus beside the checkout) is not here", allow_module_level=True)


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_names", ROOT / "benchmarks" / "names.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rows(bench):
    return bench.load("message_names_open.csv")


def test_names_kept_apart_in_training_are_decided_often_and_rightly(bench, rows):
    verdicts = bench.cross_validated(rows, by="words", folds=5)

    decided, right = bench.figures(rows, [found.kind for found in verdicts])

    assert decided >= 0.88
    assert right >= 0.97


def test_names_of_unseen_sources_are_decided_rightly(bench, rows):
    verdicts = bench.cross_validated(rows, by="repo", folds=5)

    _, right = bench.figures(rows, [found.kind for found in verdicts])

    assert right >= 0.965


def test_no_group_of_words_is_on_both_sides_of_a_fold(bench, rows):
    places = {}
    for row in rows:
        places.setdefault(row["words"], set()).add(bench.fold(row["words"], 5))

    assert all(len(folds) == 1 for folds in places.values())
    assert set.union(*places.values()) == {0, 1, 2, 3, 4}


def test_hard_names_get_exact_verdicts(bench):
    hard = bench.load("hard_names_open.csv")
    kinds = [bench.judge(bench.phrase_of(row["name"])).kind for row in hard]

    exact = sum(kind == row["expected"] for row, kind in zip(hard, kinds, strict=True)) / len(hard)
    ambiguous = [kind for row, kind in zip(hard, kinds, strict=True) if row["expected"] == "ambiguous"]

    assert exact >= 0.9
    assert sum(kind in {"command", "event"} for kind in ambiguous) / len(ambiguous) <= 0.1


def test_declared_commands_that_ask_are_queries(bench):
    names = [row["name"] for row in bench.load("query_like_names.csv")]

    queries = sum(bench.judge(bench.phrase_of(name)).kind == "query" for name in names)

    assert queries / len(names) >= 0.95


def test_the_shipped_weights_are_what_the_script_makes(bench, rows):
    made = bench.trainer().train(bench.trainer().examples(rows))

    from tense.rules.naming.model import SCALE, weights

    assert {feature: round(weight * SCALE) for feature, weight in made.items()} == {
        feature: round(weight * SCALE) for feature, weight in weights().items()
    }


def test_no_name_of_the_corpus_is_shipped(rows):
    shipped = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.glob("data/*"))
    long_names = {row["name"] for row in rows if len(row["words"].split()) > 2}

    assert not [name for name in long_names if name in shipped]


def test_certain_accusations_of_declared_names_are_few(bench, rows):
    from tense.rules.naming.mood import judge_command_name, judge_event_name

    events = [row["name"] for row in rows if row["label"] == "event"]
    commands = [row["name"] for row in rows if row["label"] == "command"]

    assert sum(judge_event_name(name) is not None for name in events) / len(events) < 0.01
    assert sum(judge_command_name(name) is not None for name in commands) / len(commands) < 0.01
    assert sum(judge_command_name(name) is not None for name in events) / len(events) > 0.5
    assert sum(judge_event_name(name) is not None for name in commands) / len(commands) > 0.4
