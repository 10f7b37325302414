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


def probability_of_event(features: Iterable[str], table: Mapping[str, float] | None = None) -> float:
    """How likely a name with these features is declared an event rather than a command, 0..1."""
    known = weights() if table is None else table
    score = 0.0
    for feature in features:
        score += known.get(feature, 0.0)
    return 1.0 / (1.0 + math.exp(-max(-_LIMIT, min(_LIMIT, score))))
