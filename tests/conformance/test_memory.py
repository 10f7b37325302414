"""The memory store and the kit."""

from collections import defaultdict
from pathlib import Path

from tense.ports.store import Store
from tense.runtime.load import open_store
from tense.testing.conformance.suite import StoreConformance

STORES: dict[Path, Store] = defaultdict(lambda: open_store("memory:"))


class TestMemory(StoreConformance):
    capabilities = open_store("memory:").capabilities

    def store(self, place: Path) -> Store:
        return STORES[place]
