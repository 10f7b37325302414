"""A pair of stores and the kit: state in one file, messages in another."""

from contextlib import AbstractContextManager
from pathlib import Path

from kit_pairs import PairConformance

from tense.adapters.stores.sqlite.store import SqliteStore
from tense.runtime.load import LANES
from tense.runtime.relay import Pair, both, paired
from tense.testing.breakers.disk import full_disk


class TestPair(PairConformance):
    capabilities = both(SqliteStore.capabilities, SqliteStore.capabilities)

    def store(self, place: Path) -> Pair:
        return paired(SqliteStore(place / "kit.db"), SqliteStore(place / "broker.db"), LANES)

    def broken(self, place: Path) -> AbstractContextManager[None]:
        return full_disk(place / "broker.db-wal")
