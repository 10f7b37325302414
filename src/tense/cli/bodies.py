"""Bodies: JSON by argument, from a file or from standard input, as it comes."""

import asyncio
import contextlib
import os
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self

from tense.cli.mistake import MistakeError

CHUNK = 65536

LONGEST = 16 * 1024 * 1024
"""Bytes of a line without an end, after which it is taken for no JSON lines at all."""


class Bodies:
    """Where the JSON of one or many messages comes from. Many: one on each line, numbered from 1."""

    def __init__(self, text: str | None, file: Path | None) -> None:
        if text is not None and file is not None:
            said = "give the JSON as an argument or with --file, not both."
            raise MistakeError(said)
        if text is None and file is None and sys.stdin.isatty():
            said = "give the JSON as an argument, with --file, or pipe it in, one message on each line."
            raise MistakeError(said)
        if file is not None and str(file) != "-" and not file.is_file():
            said = f"there is no file {file}." if not file.exists() else f"{file} is not a file."
            raise MistakeError(said)
        self._text = text
        self._file = file

    @property
    def single(self) -> bool:
        """Whether it is one message by argument."""
        return self._text is not None

    async def read(self, progress: "Progress") -> AsyncIterator[tuple[int, bytes]]:
        """Each body with its number, blank lines passed over; a file with one document over many lines is one body."""
        if self._text is not None:
            yield 1, self._text.encode("utf-8", "surrogateescape")
            return
        with self._opened() as source:
            progress.expects(_size(source))
            if (whole := self._document(source)) is not None:
                yield 1, whole
                return
            async for number, line in _lines(source, progress):
                if line.strip():
                    yield number, line

    @contextmanager
    def _opened(self) -> Any:
        if self._file is None or str(self._file) == "-":
            yield sys.stdin.buffer
            return
        try:
            source = self._file.open("rb")
        except OSError as error:
            said = f"{self._file} cannot be read: {error.strerror}"
            raise MistakeError(said) from error
        with source:
            yield source

    def _document(self, source: BinaryIO) -> bytes | None:
        """The whole file if its first line alone is no JSON: one message, written over several lines."""
        if self._file is None or not source.seekable():
            return None
        import json

        first = source.readline(LONGEST)
        rest = source.read(1)
        source.seek(0)
        try:
            json.loads(first)
        except ValueError:
            if first.strip() in {b"{", b"["} and rest:
                return source.read(LONGEST)
        return None


async def _lines(source: BinaryIO, progress: "Progress") -> AsyncIterator[tuple[int, bytes]]:
    """The lines of a stream as they come; reading waits in a thread, so that what was sent goes on meanwhile."""
    rest, number = b"", 0
    read = _reader(source)
    while chunk := await _in_thread(lambda: read(CHUNK)):
        progress.came(len(chunk))
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST:
            said = f"line {number + len(whole) + 1} has no end after {LONGEST:,} bytes; these are no JSON lines."
            raise MistakeError(said)
        for line in whole:
            number += 1
            yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    if rest:
        yield number + 1, rest


def _reader(source: BinaryIO) -> Callable[[int], bytes]:
    """Reads what is there; standard input by its number, for a thread that waits there must hold no lock at the end."""
    if source is sys.stdin.buffer:
        with contextlib.suppress(OSError):
            number = source.fileno()
            return lambda size: os.read(number, size)
    found: Callable[[int], bytes] = getattr(source, "read1", source.read)
    return found


def _in_thread(work: Callable[[], bytes]) -> "asyncio.Future[bytes]":
    """Wait in a thread that nobody waits for: Ctrl-C must end a process whose input never ends."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bytes] = loop.create_future()

    def told(act: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if future.done() else act())

    def run() -> None:
        try:
            chunk = work()
        except OSError as error:
            problem = error
            told(lambda: future.set_exception(problem))
        else:
            told(lambda: future.set_result(chunk))

    threading.Thread(target=run, daemon=True, name="tense-input").start()
    return future


def _size(source: BinaryIO) -> int | None:
    try:
        found = os.fstat(source.fileno())
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


class Progress:
    """A bar on standard error while many messages go out; nothing where nobody looks."""

    def __init__(self, what: str, *, shown: bool) -> None:
        self._what = what
        self._shown = shown and sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[done]:,}"))
            self._bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._what, total=None, done=0)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def shown(self) -> bool:
        """Whether somebody sees the bar."""
        return self._shown

    def expects(self, total: int | None) -> None:
        """How many bytes there are, if that is known."""
        if self._bar is not None:
            self._bar.update(self._task, total=total)

    def came(self, size: int) -> None:
        """So many more bytes were read."""
        if self._bar is not None:
            self._bar.advance(self._task, size)

    def done(self, count: int) -> None:
        """So many messages were accepted by now."""
        if self._bar is not None:
            self._bar.update(self._task, done=count)
