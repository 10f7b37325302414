"""Stream: each message as it is handled, for the eyes of whoever develops."""

import logging
from typing import Any

import msgspec

from tense.cli.paper import paint, printable
from tense.dispatch.middleware import Handling, Proceed
from tense.messages.rejection import Rejection
from tense.ports.clock import Clock

log = logging.getLogger("tense.stream")

WIDEST = 60
"""Characters of a body or an answer that are shown."""


class Stream:
    """A middleware that logs what came in, which handler took it, how it ended and how long that took."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, handling: Handling, proceed: Proceed) -> Any:
        """Go on, and log it at its end."""
        started = self._clock.elapsed()
        try:
            returned = await proceed(handling)
        except Rejection as refusal:
            self._say(handling, "refused", repr(refusal), started)
            raise
        except BaseException as error:
            self._say(handling, "failed", f"{type(error).__name__}: {error}", started)
            raise
        if isinstance(returned, Rejection):
            self._say(handling, "refused", repr(returned), started)
        else:
            self._say(handling, "done", "" if returned is None else repr(returned), started)
        return returned

    def _say(self, handling: Handling, how: str, answer: str, started: float) -> None:
        took = self._clock.elapsed() - started
        fields = {
            "handled": {
                "service": handling.handler.service,
                "type": handling.metadata.type,
                "id": handling.metadata.id,
                "handler": handling.handler.name,
                "outcome": how,
                "answer": answer,
                "seconds": round(took, 6),
            }
        }
        log.info("%s", _line(handling, how, answer, took), extra={"fields": fields})


STYLE_OF = {"done": "green", "refused": "yellow", "failed": "red"}


def _line(handling: Handling, how: str, answer: str, took: float) -> str:
    import sys

    handler, metadata = handling.handler, handling.metadata
    again = f" (attempt {metadata.attempt})" if metadata.attempt > 1 else ""
    came = f"{paint(metadata.type, 'bold', sys.stderr)} {shown_body(handling.message)}{again}"
    ended = paint(how, STYLE_OF[how], sys.stderr)
    said = f" {printable(answer, WIDEST)}" if answer else ""
    return f"{handler.service:<10} {came} -> {handler.function.__qualname__} {ended}{said} in {took_text(took)}"


def took_text(seconds: float) -> str:
    """A duration, to a tenth of a millisecond where that matters."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def shown_body(message: Any) -> str:
    """The fields of a message in short."""
    try:
        text = msgspec.json.encode(message, enc_hook=str).decode()
    except (TypeError, ValueError):
        text = repr(message)
    return printable(text, WIDEST)
