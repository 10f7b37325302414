"""The same sentences on every store."""

from itertools import count
from pathlib import Path

import pytest

from stores import Run
from tense.runtime.load import open_store
from tense.testing.harness import harness

STORES = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.server("postgres"))]


@pytest.fixture(params=STORES)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs an app on a store; the second run on the same store finds what the first one left."""
    seeds = count()
    if request.param == "postgres":
        address = request.getfixturevalue("postgres")
        return lambda app: harness(app, store=address, seed=next(seeds))
    if request.param == "sqlite":
        return lambda app: harness(app, store=f"sqlite:///{tmp_path}/test.db", seed=next(seeds))
    store = open_store("memory:")
    return lambda app: harness(app, store=store, seed=next(seeds))
