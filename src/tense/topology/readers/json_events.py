"""JSON as a flat run of events with lines."""

import json
import re
from collections.abc import Iterator

from tense.topology.readers.events import Event, Scalar, Start, Stop, UnreadableError

_TOKEN = re.compile(r'[ \t\r\n:,]+|"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s,:{}\[\]"]+')


def json_events(text: str) -> Iterator[Event]:
    """Give the events of a strict JSON text.

    Raises:
        UnreadableError: The text is not JSON.
    """
    try:
        # The standard parser judges the grammar; the tokens below only add lines.
        json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"is not JSON: {error.msg}", error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise UnreadableError(f"is not JSON that can be read: {str(error)[:80] or 'nested too deep'}") from None
    line = 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        first = token[0]
        if first in " \t\r\n:,":
            line += token.count("\n")
        elif first in "{[":
            yield Start(line, first == "{")
        elif first in "}]":
            yield Stop(line)
        elif first == '"' and "\\" not in token:
            yield Scalar(line, token[1:-1])
        else:
            yield Scalar(line, json.loads(token))


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")
