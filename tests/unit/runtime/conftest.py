"""The same sentences on every store."""

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from pairs import PAIRS, Two, addresses

from stores import Run
from tense import Retry
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


@pytest.fixture(params=PAIRS)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Two:
    """A pair of stores; a transport that comes back is seen soon."""
    patience = Retry(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=50))
    request.getfixturevalue("monkeypatch").setattr("tense.runtime.relay_hands.PATIENCE", patience)
    return Two(*addresses(request, tmp_path))
