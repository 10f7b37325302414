import os
import subprocess
import sys
from pathlib import Path

import pytest

from tense.cli.mistake import MistakeError
from tense.cli.new import package_name, write_project

SOURCE = str(Path(__file__).resolve().parents[3] / "src")


def within(folder, *words):
    paths = os.pathsep.join([str(folder), SOURCE])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def starter(tmp_path):
    write_project("my-shop", tmp_path / "my-shop")
    return tmp_path / "my-shop"


def test_the_starter_passes_its_own_tests(starter):
    ran = within(starter, "-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout


@pytest.mark.types
def test_the_starter_passes_strict_types(starter):
    ran = within(starter, "-m", "mypy", "--strict")

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_starters_floors_hold_and_a_breach_is_found(starter):
    lint = ["-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    kept = within(starter, *lint)
    contract = starter / "my_shop" / "orders" / "contract.py"
    contract.write_text(contract.read_text() + "\nfrom my_shop.email import service\n")

    broken = within(starter, *lint)

    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert broken.returncode != 0


def test_the_starter_names_its_app_for_every_verb(starter):
    ran = within(starter, "-m", "tense", "list")

    assert ran.returncode == 0, ran.stderr
    assert "orders.PlaceOrder" in ran.stdout


def test_nothing_is_left_unfilled_in_the_starter(starter):
    for file in starter.rglob("*"):
        if file.is_file():
            text = file.read_text()
            assert "@package@" not in text
            assert "@name@" not in text
            assert file.suffix != ".txt"


def test_nothing_that_exists_is_overwritten(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "precious").write_text("mine")

    with pytest.raises(MistakeError, match="exists and is not empty"):
        write_project("shop", tmp_path / "shop")

    assert [file.name for file in (tmp_path / "shop").iterdir()] == ["precious"]


@pytest.mark.parametrize("name", ["", "Shop", "1shop", "my shop", "shop/x", "..", "class", "-shop", "shop-"])
def test_a_name_that_no_package_could_have_is_refused(name):
    with pytest.raises(MistakeError, match="cannot name a project"):
        package_name(name)


@pytest.mark.parametrize("name", ["json", "asyncio", "tense", "tests"])
def test_a_name_that_would_hide_a_module_is_refused(name):
    with pytest.raises(MistakeError, match="would hide"):
        package_name(name)


def test_the_command_says_what_it_wrote_and_what_comes_next(tense):
    ran = tense("new", "fresh-shop")

    assert ran.status == 0
    assert "fresh-shop/fresh_shop/app.py" in ran.out
    assert "tense dev" in ran.out
