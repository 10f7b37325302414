"""Style and script that the pictures carry with them."""

from functools import cache
from importlib.resources import files


@cache
def asset(name: str) -> str:
    """Return the text of one file of the page."""
    return (files("tense.topology.render.page") / name).read_text(encoding="utf-8")
