"""The whole proof that the store of this folder is one: run `pytest examples/own_transport/test_timed_store.py`."""

from pathlib import Path

from examples.own_transport.store import timed
from tense.adapters.stores.sqlite.store import SqliteStore
from tense.ports.store import Store
from tense.testing.conformance.suite import StoreConformance


class TestTimedStore(StoreConformance):
    capabilities = SqliteStore.capabilities

    def store(self, place: Path) -> Store:
        return timed(SqliteStore(place / "timed.db"))
