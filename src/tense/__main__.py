"""`python -m tense`, and the `tense` that is installed."""

import sys

from tense.cli.main import run


def main() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
