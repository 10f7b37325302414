import os
import subprocess
import sys

import pytest

from tense.cli.main import help_text
from tense.cli.verbs import VERBS, known_verbs, nearest


def test_help_lists_each_verb_that_exists_with_what_it_does(tense):
    ran = tense("--help")

    assert ran.status == 0
    for name in known_verbs():
        assert f"  {name}" in ran.out
        assert VERBS[name].help in ran.out


def test_a_verb_without_a_module_is_not_listed(monkeypatch):
    known_verbs.cache_clear()
    monkeypatch.setitem(VERBS, "fly", type(VERBS["run"])("no_such_module", "Fly away."))

    text = help_text()

    known_verbs.cache_clear()
    assert "Fly away" not in text
    assert "run " in text


def test_finding_the_verbs_imports_none_of_them():
    code = (
        "import sys; from tense.cli.main import run; run(['--help']); "
        "print([m for m in sys.modules if m.startswith(('tense.cli.', 'typer', 'rich'))])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.splitlines()[-1] == "['tense.cli.verbs', 'tense.cli.main']"


def test_no_words_at_all_show_the_help(tense):
    assert tense().out == tense("--help").out == tense("help").out


def test_every_verb_has_a_help_of_its_own(tense):
    for name in known_verbs():
        ran = tense(name, "--help")
        assert ran.status == 0, name
        assert f"Usage: tense {name}" in ran.out


def test_help_with_a_verb_is_that_verbs_help(tense):
    assert tense("help", "run").out == tense("run", "--help").out


def test_a_wrong_verb_proposes_the_right_one(tense):
    ran = tense("rnu", "shopapp:app")

    assert ran.status == 2
    assert "there is no verb 'rnu'" in ran.err
    assert "Did you mean: tense run shopapp:app" in ran.err


def test_a_wrong_option_proposes_the_right_one(tense):
    assert "Did you mean: tense --version" in tense("--verison").err
    assert "--service" in tense("run", "--sevrice", "email").err


def test_a_word_like_no_other_points_to_the_help(tense):
    ran = tense("xyzzyxyzzy")

    assert ran.status == 2
    assert "See: tense --help" in ran.err


def test_a_wrong_sub_verb_proposes_the_right_one(tense):
    ran = tense("dead", "lst")

    assert ran.status == 2
    assert "'list'" in ran.err


def test_the_version_is_told(tense):
    assert tense("--version").out.startswith("tense ")


def test_without_debug_there_is_no_traceback_and_with_it_there_is(tense, project):
    (project / "shopapp.py").write_text("raise RuntimeError('boom')")

    plain = tense("list")
    with pytest.raises(Exception, match="boom"):
        tense("list", "--debug")

    assert plain.status == 2
    assert "Traceback" not in plain.err
    assert "boom" in plain.err


def test_debug_after_two_dashes_is_a_word_like_any_other(tense):
    ran = tense("outcome", "--", "--debug")

    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_an_unexpected_error_is_told_in_one_message(tense, monkeypatch):
    monkeypatch.setattr("tense.cli.list.listing_of", lambda *_: 1 / 0)

    ran = tense("list")

    assert ran.status == 2
    assert "ZeroDivisionError" in ran.err
    assert "--debug" in ran.err


def test_a_reader_that_has_enough_is_no_error(project):
    listing = subprocess.Popen(
        [sys.executable, "-m", "tense", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=project
    )
    listing.stdout.close()

    errors = listing.stderr.read().decode()
    listing.stderr.close()

    assert listing.wait() == 0
    assert errors == ""


def test_completion_for_a_shell_can_be_shown(tense):
    ran = tense("--show-completion")

    assert ran.status == 0
    assert "_TENSE_COMPLETE" in ran.out


def test_the_shell_is_offered_the_verbs(project):
    asked = {"_TENSE_COMPLETE": "complete_bash", "COMP_WORDS": "tense d", "COMP_CWORD": "1"}
    found = subprocess.run(
        [sys.executable, "-m", "tense"], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )

    assert set(found.stdout.split()) == {name for name in known_verbs() if name.startswith("d")}


def test_help_loads_little():
    """Milliseconds are for `make bench`, where the machine is known; these are what they are made of."""
    said = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tense", "--help"], capture_output=True, text=True, check=True
    ).stderr
    loaded = [line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")]

    assert 100 < len(loaded) < 320
    heavy = ("typer", "click", "rich", "asyncpg", "sqlite3", "jinja2", "yaml", "tense.adapters.stores.sqlite")
    assert [name for name in loaded if name.startswith(heavy)] == []


def test_the_nearest_word_is_found_whatever_its_case():
    assert nearest("placeordr", ["PlaceOrder", "CancelOrder"]) == "PlaceOrder"
    assert nearest("qqq", ["PlaceOrder"]) is None
