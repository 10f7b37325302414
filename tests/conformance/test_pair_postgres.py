"""Pairs of stores and the kit where one side is a PostgreSQL server and the other a file."""

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from kit_pairs import PairConformance
from kit_postgres import PostgresPlaces, PostgresStore

from tense.adapters.stores.sqlite.store import SqliteStore
from tense.runtime.load import LANES
from tense.runtime.relay import Pair, both, paired
from tense.testing.breakers.disk import full_disk

pytestmark = pytest.mark.server("postgres")


LONG = "it waits for the PostgreSQL store alone, and does so in that one's suite"
LEFT_OUT = {
    "test_a_silent_network_keeps_no_call_for_ever": LONG,
    "test_a_silent_network_does_not_keep_a_worker_from_ending": LONG,
    "test_a_slow_link_costs_time_and_no_lease": LONG,
    "test_a_silent_network_keeps_no_handler_in_its_transaction": "its transaction is in the file, to which no network leads",
}
"""What is not asked of a pair, and why."""


class OnBoth(PostgresPlaces, PairConformance):
    """A place is a folder and a schema."""

    @pytest.fixture(autouse=True)
    def left_out(self, request: pytest.FixtureRequest) -> None:
        if (why := LEFT_OUT.get(request.node.name)) is not None and self.capabilities.remote:
            pytest.skip(why)

    def pair(self, place: Path, port: int | None = None) -> Pair:
        raise NotImplementedError

    def store(self, place: Path) -> Pair:
        return self.pair(place)

    def through(self, place: Path, port: int) -> Pair:
        return self.pair(place, port)

    def copy(self, place: Path, to: Path) -> None:
        shutil.copytree(place, to)
        self.copy_schema(place, to)


class TestMessagesOnPostgres(OnBoth):
    capabilities = both(SqliteStore.capabilities, PostgresStore.capabilities)

    def pair(self, place: Path, port: int | None = None) -> Pair:
        return paired(SqliteStore(place / "kit.db"), self.on_postgres(place, port), LANES)


class TestStateOnPostgres(OnBoth):
    capabilities = both(PostgresStore.capabilities, SqliteStore.capabilities)

    def pair(self, place: Path, port: int | None = None) -> Pair:
        return paired(self.on_postgres(place, port), SqliteStore(place / "kit.db"), LANES)

    def broken(self, place: Path) -> AbstractContextManager[None]:
        return full_disk(place / "kit.db-wal")
