"""The demo: `make demo`, or `python -m examples.shop.demo`; `make demo STORE=postgres` for the same on PostgreSQL.

Tells the story of a shop of seven services in under half a minute, on one SQLite file in a temporary folder, or in a
schema of its own. It checks each claim in the database before it prints it, and exits 1 if one was not so.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from io import TextIOWrapper

from examples.shop.app import app
from examples.shop.story.books import Books
from examples.shop.story.ground import Ground, ground
from examples.shop.story.killing import killed
from examples.shop.story.ordinary import (
    grown_by_one,
    open_the_shop,
    placed,
    refused,
    repeated,
    without_email,
)
from examples.shop.story.telling import Story
from tense.errors import StoreUnusableError


def main() -> int:
    """0: every claim was so. 1: one was not."""
    words = argparse.ArgumentParser(description="The story of a shop, every claim checked.")
    words.add_argument(
        "--store",
        metavar="ADDRESS",
        help="sqlite:///FILE, a file that is not there yet and is kept; postgres, or postgresql://..., where nothing is",
    )
    words.add_argument("--orders", type=int, default=500, metavar="N", help="how many orders the kill interrupts")
    options = words.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        try:
            with ground(options.store or f"sqlite:///{folder}/shop.db") as place:
                return asyncio.run(tell(place, max(50, options.orders)))
        except StoreUnusableError as error:
            words.error(str(error))


async def tell(place: Ground, orders: int) -> int:
    """All chapters, in one place."""
    story, books, store = Story(), Books(place), place.address
    print("A shop of seven services. Each knows only its own words and, where it asks, those of another.")
    async with app.running(store=store) as client:
        await open_the_shop(client)
        await placed(story, client, books)
        await refused(story, client, books)
        await repeated(story, client, books)
    await without_email(story, books, store)
    await grown_by_one(story, books, store)
    await killed(story, books, store, orders)
    return story.end()


if __name__ == "__main__":
    sys.exit(main())
