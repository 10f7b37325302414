"""`python -m tense.testing.conformance --list`: each property with its number, and which adapters run it."""

import sys

from tense.testing.conformance.table import listing, page


def main(arguments: list[str]) -> int:
    """Print the list, or the page of the documentation."""
    made = {"--list": listing, "--page": page}.get(" ".join(arguments))
    if made is None:
        print("usage: python -m tense.testing.conformance --list | --page", file=sys.stderr)  # noqa: T201 - a program's own words
        return 2
    print(made().rstrip("\n"))  # noqa: T201 - as above
    return 0


sys.exit(main(sys.argv[1:]))
