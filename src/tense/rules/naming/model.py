"""A small table of weights, made by `scripts/train_names`: how likely a name was declared an event."""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources

SCALE = 100
"""The file keeps weights as whole hundredths."""

_LIMIT = 30.0


@lru_cache(maxsize=1)
def weights() -> Mapping[str, float]:
    """The shipped weights by feature."""
    text = resources.files("tense.rules.naming").joinpath("data", "weights.tsv").read_text(encoding="utf-8")
    found: dict[str, float] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            feature, weight = line.split("\t")
            found[feature] = int(weight) / SCALE
    return found


def score(features: Iterable[str], table: Mapping[str, float] | None = None) -> float:
    """The sum of the weights of these features: above nothing speaks for an event, below for a command."""
    known = weights() if table is None else table
    return sum([known.get(feature, 0.0) for feature in features])


def probability(score: float) -> float:
    """A score as a probability, 0..1."""
    return 1.0 / (1.0 + math.exp(-max(-_LIMIT, min(_LIMIT, score))))
