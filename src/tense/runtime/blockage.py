"""Blockage: says who blocks the loop, from a thread that is not blocked with it."""

import asyncio
import logging
import sys
import threading
import time
import traceback

log = logging.getLogger("tense")

THRESHOLD = 1.0
"""Seconds without a turn of the loop after which whoever runs is reported, with file and line."""

LOOK_EVERY = 0.25


class BlockageWatch:
    """Watches that the loop turns. A handler that blocks it stops every other one, leases and deadlines included."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._threshold = threshold
        self._turned = time.monotonic()
        self._reported = False
        self._thread_id = threading.get_ident()
        self._stopping = threading.Event()
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to watch the running loop."""
        self._turn(asyncio.get_running_loop())
        threading.Thread(target=self._watch, name="tense-blockage", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopping.set()
        if self._handle is not None:
            self._handle.cancel()

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turned = time.monotonic()
        self._reported = False
        self._handle = loop.call_later(LOOK_EVERY, self._turn, loop)

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            silent = time.monotonic() - self._turned
            if silent > self._threshold and not self._reported:
                self._reported = True
                log.error("the loop has been blocked for %.1f s %s", silent, self._where())

    def _where(self) -> str:
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - the documented way to see another thread
        if frame is None:
            return "by code that cannot be seen"
        stack = traceback.extract_stack(frame)
        own = [step for step in stack if "/asyncio/" not in step.filename and "/tense/" not in step.filename]
        step = (own or stack)[-1]
        return f"at {step.filename}:{step.lineno} in {step.name}: {step.line}"
