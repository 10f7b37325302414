"""Names from a wire are text: what every format needs to write them safely."""

from html import escape

_MOST = 400


def plain(text: str) -> str:
    """Return text on one line, without control characters, cut where nobody would read on."""
    shown = "".join(one if one.isprintable() else " " for one in text)
    return shown if len(shown) <= _MOST else shown[: _MOST - 1] + "…"


def cut(text: str, most: int) -> str:
    """Return text of at most so many characters, with an ellipsis where something is missing."""
    shown = plain(text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def xml(text: str) -> str:
    """Return text for XML and HTML, inside elements and attributes."""
    return escape(plain(text), quote=True)
