"""Seeds of the shop with a bug planted into the engine: `python tests/support/seeds.py BUG SEEDS`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from plant import planted  # noqa: E402 - found beside this file

from tense.testing.simulation.__main__ import main  # noqa: E402 - as above

bug, seeds = sys.argv[1:]
arguments = ["--app", "examples.shop.simulated:app", "--seeds", seeds, "--processes", "1", "--no-shrink"]
with planted(bug):
    sys.exit(main(arguments))
