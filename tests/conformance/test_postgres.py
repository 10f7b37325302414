"""The PostgreSQL store and the kit, on a real server."""

from pathlib import Path

import pytest
from kit_postgres import PostgresPlaces, PostgresStore

from tense.testing.conformance.suite import StoreConformance

pytestmark = pytest.mark.server("postgres")


class TestPostgres(PostgresPlaces, StoreConformance):
    capabilities = PostgresStore.capabilities

    def store(self, place: Path) -> PostgresStore:
        return self.on_postgres(place)

    def through(self, place: Path, port: int) -> PostgresStore:
        return self.on_postgres(place, port)

    def copy(self, place: Path, to: Path) -> None:
        self.copy_schema(place, to)
