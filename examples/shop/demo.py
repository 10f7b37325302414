"""The demo: `make demo`, or `python -m examples.shop.demo`.

Tells the story of a shop of seven services in under half a minute, on one SQLite file in a temporary folder. It checks
each claim in the database before it prints it, and exits 1 if one was not so.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from contextlib import closing
from io import TextIOWrapper
from pathlib import Path

from examples.shop.app import app
from examples.shop.story.books import Books
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
from tense.runtime.load import sqlite_path


def main() -> int:
    """0: every claim was so. 1: one was not."""
    words = argparse.ArgumentParser(description="The story of a shop, every claim checked.")
    words.add_argument("--store", metavar="ADDRESS", help="keep it: sqlite:///FILE, a file that is not there yet")
    words.add_argument("--orders", type=int, default=500, metavar="N", help="how many orders the kill interrupts")
    options = words.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with tempfile.TemporaryDirectory(prefix="shop-") as folder:
        store = options.store or f"sqlite:///{folder}/shop.db"
        try:
            path = sqlite_path(store)
        except StoreUnusableError as error:
            words.error(str(error))
        if path.exists():
            words.error(f"{path} is there already; the story begins with a shop that is not.")
        return asyncio.run(tell(store, path, max(50, options.orders)))


async def tell(store: str, path: Path, orders: int) -> int:
    """All chapters, on one file."""
    story = Story()
    print("A shop of seven services. Each knows only its own words and, where it asks, those of another.")
    with closing(Books(path)) as books:
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
