"""Logs: one line for each record, for people or as JSON, with the message it belongs to."""

import logging
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec

from tense.cli.mistake import MistakeError
from tense.cli.paper import paint
from tense.dispatch.context import handling

FORMATS = ("text", "json")

LEVEL_STYLES: Mapping[str, str] = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red", "DEBUG": "dim"}


class TextFormatter(logging.Formatter):
    """`12:00:01.234 warning: what was said`, coloured where somebody looks."""

    def __init__(self, target: TextIO) -> None:
        super().__init__()
        self._target = target

    def format(self, record: logging.LogRecord) -> str:
        """One record, with its traceback beneath it."""
        text = record.getMessage()
        if record.levelno != logging.INFO:
            word = paint(record.levelname.lower() + ":", LEVEL_STYLES.get(record.levelname, "dim"), self._target)
            text = f"{word} {text}"
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return f"{paint(clock_text(record.created), 'dim', self._target)} {text}"


class JsonFormatter(logging.Formatter):
    """One JSON object on a line: time, level, logger, text, the message being handled, and fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One record."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        if (metadata := handling.get()) is not None:
            line["message"] = {
                "id": metadata.id,
                "type": metadata.type,
                "correlationid": metadata.correlation,
                "attempt": metadata.attempt,
            }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def clock_text(moment: float) -> str:
    """The local time of day, with milliseconds."""
    return time.strftime("%H:%M:%S", time.localtime(moment)) + f".{int(moment % 1 * 1000):03d}"


def configure_logs(form: str, target: TextIO | None = None) -> None:
    """Send all log lines to standard error in one of the formats.

    Raises:
        MistakeError: there is no such format.
    """
    if form not in FORMATS:
        text = f"--log-format knows {' and '.join(FORMATS)}, not {form!r}."
        raise MistakeError(text)
    target = target or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(target))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
