"""Parameters: `:name` as Tense writes them on every store, `$1` as PostgreSQL reads them."""

import re
from functools import lru_cache

from tense.ports.transaction import refuse_ending

TOKEN = re.compile(
    r"""
    (?P<skip> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
      | (?P<dollar>\$\w*\$).*?(?P=dollar) | ::)
    | :(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Texts, names in quotes, comments and casts are passed by; what is left of `:name` is a parameter."""

ONE_ROW = re.compile(
    r"""\s* INSERT \s+ INTO \s+ [^()]+ (?: \([^()]*\) \s* )? VALUES \s*
    \( (?: [^()] | \( (?: [^()] | \([^()]*\) )* \) )* \) \s* ;? \s*""",
    re.VERBOSE | re.IGNORECASE,
)
READS = re.compile(r"\bSELECT\b", re.IGNORECASE)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """A statement with numbers for names, and the names in the order of their numbers.

    Raises:
        WorkflowError: it, or one of several, would end the transaction.
    """
    for part in TOKEN.sub(" ", sql).split(";"):
        refuse_ending(part)
    names: dict[str, int] = {}

    def put(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0]
        return f"${names.setdefault(name, len(names) + 1)}"

    return TOKEN.sub(put, sql), tuple(names)


@lru_cache(maxsize=1024)
def adds_one_row(text: str) -> bool:
    """Whether each run of a statement adds exactly one row, reads none and gives none back; False if in doubt.

    A trigger may still leave the row out.
    """
    return ONE_ROW.fullmatch(text) is not None and READS.search(text) is None
