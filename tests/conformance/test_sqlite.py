"""The SQLite store and the kit."""

from contextlib import AbstractContextManager
from pathlib import Path

from tense.adapters.stores.sqlite.store import SqliteStore
from tense.testing.breakers.disk import full_disk
from tense.testing.conformance.suite import StoreConformance


class TestSqlite(StoreConformance):
    capabilities = SqliteStore.capabilities

    def store(self, place: Path) -> SqliteStore:
        return SqliteStore(place / "kit.db")

    def broken(self, place: Path) -> AbstractContextManager[None]:
        return full_disk(place / "kit.db-wal")
