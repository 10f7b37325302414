from pathlib import Path

import pytest

from tense.cli.mistake import MistakeError
from tense.cli.project import chosen_app, chosen_store, imported_app, nearest_project, store_without_app


def test_the_project_is_found_from_a_folder_beneath_it(project):
    inner = project / "a" / "b"
    inner.mkdir(parents=True)

    found = nearest_project(inner)

    assert found.file == project / "pyproject.toml"
    assert found.app == "shopapp:app"


def test_a_pyproject_that_says_nothing_of_tense_is_passed_over(project):
    inner = project / "a"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\nx = 1\n")

    assert nearest_project(inner).file == project / "pyproject.toml"


def test_a_pyproject_that_cannot_be_read_is_named(project):
    (project / "pyproject.toml").write_text("[tool.tense\n")

    with pytest.raises(MistakeError, match=r"pyproject\.toml cannot be read"):
        nearest_project(project)


def test_a_setting_that_is_no_text_is_named(project):
    (project / "pyproject.toml").write_text("[tool.tense]\napp = 3\n")

    with pytest.raises(MistakeError, match="app must be text"):
        nearest_project(project)


def test_without_any_app_the_message_says_how_to_name_one(project):
    (project / "pyproject.toml").unlink()

    with pytest.raises(MistakeError, match=r"\[tool\.tense\]"):
        chosen_app(None, None)


def test_the_app_is_imported_from_the_projects_folder(project, monkeypatch):
    inner = project / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)

    app = chosen_app(None, None)

    assert app.target == "shopapp:app"
    assert set(app.registry.services) == {"orders", "email"}


def test_the_store_is_first_what_is_said_then_the_projects_then_the_apps_then_the_default(project):
    app = chosen_app(None, None)
    app.store = "sqlite:///apps.db"

    assert chosen_store("sqlite:///said.db", app) == "sqlite:///said.db"
    assert chosen_store(None, app) == "sqlite:///shop.db"
    (project / "pyproject.toml").write_text('[tool.tense]\napp = "shopapp:app"\n')
    assert chosen_store(None, app) == "sqlite:///apps.db"
    app.store = None
    assert chosen_store(None, app) == "sqlite:///tense.db"


def test_the_projects_file_is_the_same_from_every_folder_beneath(project, monkeypatch):
    inner = project / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)

    address = chosen_store(None, None)

    assert Path(address.removeprefix("sqlite:///")) == project / "shop.db"


def test_a_store_in_memory_cannot_be_shared(project):
    with pytest.raises(MistakeError, match="lives and dies with its process"):
        store_without_app("memory:")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import", r"\(.*broken\.py:1\): SyntaxError: invalid syntax"),
        ("x = 1\nraise RuntimeError('boom')", r"\(.*broken\.py:2\): RuntimeError: boom"),
        ("import sys\nsys.exit(3)", r"\(.*broken\.py:2\): SystemExit: 3"),
        ("import no_such_module", "imports 'no_such_module', which is not installed"),
        ("from tense import Contract\nContract('Bad Name')", r"has an error \(.*broken\.py:2\): 'Bad Name'"),
        ("app = 3", "is int and no tense.App"),
        ("other = 3", "has no 'app'"),
    ],
)
def test_an_app_that_cannot_be_had_is_told_with_its_place(project, source, said):
    from tense.errors import TenseError

    (project / "broken.py").write_text(source)

    with pytest.raises(TenseError, match=said):
        imported_app("broken:app", project)


def test_the_store_of_the_environment_goes_before_the_projects(tense, project, monkeypatch):
    monkeypatch.setenv("TENSE_STORE", "sqlite:///environment.db")

    tense("db", "migrate")

    assert (project / "environment.db").exists()
    assert not (project / "shop.db").exists()


def test_an_app_elsewhere_is_found_by_its_folder(tense, project):
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (project / "shopapp.py").rename(elsewhere / "otherapp.py")

    ran = tense("list", "otherapp:app", "--app-dir", "elsewhere")

    assert ran.status == 0
    assert "orders.PlaceOrder" in ran.out
