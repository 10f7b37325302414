"""The kit is tested by stores that are wrong on purpose, and its list by what there is."""

import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

import pytest

from tense.adapters.stores.sqlite.store import SqliteStore
from tense.ports.records import Capabilities
from tense.ports.store import Store
from tense.runtime.load import open_store
from tense.testing.conformance.suite import StoreConformance
from tense.testing.conformance.table import PROPERTIES, STORES, SYSTEM, lines, page

ROOT = Path(__file__).resolve().parents[3]


class Boastful(StoreConformance):
    """A memory store that says it is durable."""

    capabilities = Capabilities(durable=True, shared=False)

    def store(self, place: Path) -> Store:
        return open_store("memory:")


class Modest(StoreConformance):
    """Claims nothing it might be asked for."""

    capabilities = Capabilities(durable=False, shared=False, delayed=False, replayable=False)

    def store(self, place: Path) -> Store:
        return open_store("memory:")


class Forgetful(SqliteStore):
    """Loses its dead letters' bodies, and ends commands without a mark."""

    async def dead(self, consumer=None, after=0, limit=100):
        return []

    def standing(self, message_id):
        return None


class TheForgetful(StoreConformance):
    capabilities = SqliteStore.capabilities

    def store(self, place: Path) -> Store:
        return Forgetful(place / "kit.db")


@pytest.mark.parametrize(
    "test",
    [
        "test_a_restart_loses_nothing",
        "test_an_answer_means_that_it_is_kept",
        "test_what_was_settled_stays_settled_through_a_crash",
        "test_the_store_claims_what_its_class_claims",
    ],
)
def test_a_false_claim_of_durability_fails(test: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, ValueError)):
        getattr(Boastful(), test)(tmp_path)


def test_what_is_not_claimed_is_skipped_and_says_what(tmp_path: Path) -> None:
    with pytest.raises(SkipTest, match="not claimed: durable"):
        Modest().test_a_restart_loses_nothing(tmp_path)


@pytest.mark.parametrize(
    "test",
    ["test_a_dead_letter_has_everything_to_decide_what_next", "test_a_command_ends_once", "test_to_die_is_one_step"],
)
def test_a_store_that_forgets_fails(test: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        getattr(TheForgetful(), test)(tmp_path)


def test_every_test_of_the_kit_has_a_number_that_there_is() -> None:
    known = {str(n) for n in range(1, 67)}
    for line in lines():
        assert not line.number.isdigit() or line.number in known
    assert len(PROPERTIES) == 66


def test_each_property_is_run_or_has_a_reason() -> None:
    silent = [line.number for line in lines() if len(line.runs) < len(STORES) and not line.why]

    assert silent == []


def test_the_tests_of_the_system_that_are_named_exist() -> None:
    assert [file for files in SYSTEM.values() for file in files.values() if not (ROOT / file).exists()] == []


def test_the_page_of_the_documentation_is_this_table() -> None:
    assert (ROOT / "docs/reference/conformance.md").read_text(encoding="utf-8") == page()


def test_the_list_is_printed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tense.testing.conformance", "--list"], capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("   1  round trip of every size           memory, sqlite, postgres")
    assert ran.stdout.splitlines()[-1].startswith("postgres: ")
