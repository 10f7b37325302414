"""Hints: LISTEN and NOTIFY, throttled. They only shorten the wait; polling is the truth."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from tense.adapters.stores.postgres.core import Core
from tense.adapters.stores.postgres.pool import Connection
from tense.adapters.stores.postgres.tidings import Tidings
from tense.adapters.stores.postgres.trouble import DRIVER, translated
from tense.errors import ClosedError, StoreError
from tense.ports.clock import Timer

log = logging.getLogger("tense")

PAUSE = 0.01
"""Seconds between two notifications of one process: each takes a lock of the whole database when it commits."""

MOST = 7_000
"""Bytes that a notification may have; the server's limit is 8,000."""

RECONNECT = 0.5
"""Seconds until a lost listening connection is made again."""

ASK = 5.0
"""Seconds between two questions on the listening connection: nothing else tells that the network fell silent."""


TELL = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"
"""The database's lock is not held until something is on disk: a hint need not outlive the server."""


class Hint(msgspec.Struct, omit_defaults=True):
    """What one process tells the others. `every` says: too much to name, look everywhere."""

    by: str
    arrivals: list[tuple[str, int]] = []
    logged: list[tuple[str, int]] = []
    dues: dict[str, float] = {}
    freed: list[tuple[str, int, str]] = []
    ended: bool = False
    moved: bool = False
    every: bool = False


class Hints:
    """Sends hints to the other processes on this schema, and hears theirs."""

    def __init__(self, core: Core, heard: Callable[[Hint | None], None]) -> None:
        self._core = core
        self._heard = heard
        self._channel = f"tense_{core.address.schema}"
        self._waiting = Tidings()
        self._sending = False
        self._stopped = not core.address.notify
        self._listener: Connection | None = None
        self._making: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._asking: asyncio.Task[None] | None = None
        self._deaf = False
        self.listening = False

    async def start(self) -> None:
        """Begin to listen; if it cannot be done now, soon."""
        if not self._stopped:
            await self._listen_or_later()

    async def stop(self) -> None:
        """Hear no more."""
        self._stopped = True
        if self._making is not None and not self._making.done():
            self._making.cancel()
            await asyncio.wait([self._making])
        if self._timer is not None:
            self._timer.cancel()
        listener = self._listener
        if self._asking is not None and not self._asking.done():
            # An answer that may never come is not waited for.
            if listener is not None:
                listener.terminate()
            await asyncio.wait([self._asking])
        if listener is not None and not listener.is_closed():
            try:
                await listener.close(timeout=1.0)
            except DRIVER:
                listener.terminate()

    def tell(self, tidings: Tidings) -> None:
        """Tell the others soon, together with what else there is to tell."""
        if self._stopped:
            return
        waiting = self._waiting
        waiting.told.extend(tidings.told[:1])
        waiting.arrivals |= tidings.arrivals
        waiting.logged |= tidings.logged
        waiting.freed.extend(tidings.freed)
        waiting.moved = waiting.moved or tidings.moved
        for consumer, due in tidings.dues.items():
            waiting.plan(consumer, due)
        if not self._sending:
            self._sending = True
            self._core.around.spawn.task(self._send(), "tense notify")

    async def _send(self) -> None:
        try:
            while self._waiting.concern_others and not self._stopped:
                tidings, self._waiting = self._waiting, Tidings()
                await self._notify(self._text(tidings))
                await self._core.around.clock.sleep(PAUSE)
        finally:
            self._sending = False

    async def _notify(self, text: str) -> None:
        try:
            await self._core.run(lambda connection: connection.execute(TELL, self._channel, text))
        except (StoreError, ClosedError):
            return  # a hint: the others poll

    def _text(self, tidings: Tidings) -> str:
        me = self._core.around.instance
        hint = Hint(
            by=me,
            arrivals=list(tidings.arrivals),
            logged=list(tidings.logged),
            dues=tidings.dues,
            freed=tidings.freed,
            ended=bool(tidings.told),
            moved=tidings.moved,
        )
        text = msgspec.json.encode(hint)
        if len(text) > MOST:
            text = msgspec.json.encode(Hint(by=me, every=True, ended=True, moved=tidings.moved))
        return text.decode()

    async def _listen(self) -> None:
        connection = await self._core.connect(patience=self._core.around.lease)
        try:
            await connection.add_listener(self._channel, self._hear)
        except BaseException:
            connection.terminate()
            raise
        if self._stopped:
            connection.terminate()
            return
        self._listener, self.listening = connection, True
        connection.add_termination_listener(self._lost)
        if connection.is_closed():
            self._lost(connection)
        else:
            self._ask_later(connection)

    def _ask_later(self, listener: Connection) -> None:
        def ask() -> None:
            self._asking = self._core.around.spawn.task(self._ask(listener), "tense listening")

        self._later(ASK, ask)

    async def _ask(self, listener: Connection) -> None:
        """Ask whether anybody is there; who does not answer is lost."""
        limit = self._core.around.clock.call_later(min(ASK, self._core.around.lease), listener.terminate)
        try:
            await listener.execute("SELECT 1")
        except DRIVER:
            listener.terminate()
        finally:
            limit.cancel()
        if not listener.is_closed():
            self._ask_later(listener)

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        if self._stopped:
            return
        try:
            hint = msgspec.json.decode(str(payload), type=Hint)
        except msgspec.MsgspecError:
            self._heard(None)
            return
        if hint.by != self._core.around.instance:
            self._heard(hint)

    def _lost(self, _connection: Any) -> None:
        self.listening = False
        if not self._stopped:
            self._later(RECONNECT, self._again)
            # From now on only looking helps.
            self._heard(None)

    def _later(self, delay: float, callback: Callable[[], None]) -> None:
        """What is to be done next about the listening connection: ask it, or make it."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._stopped:
            self._timer = self._core.around.clock.call_later(delay, callback)

    def _again(self) -> None:
        if not self._stopped:
            self._making = self._core.around.spawn.task(self._relisten(), "tense listen")

    async def _relisten(self) -> None:
        if await self._listen_or_later() and not self._stopped:
            # Whatever was said meanwhile was not heard.
            self._heard(None)

    async def _listen_or_later(self) -> bool:
        try:
            await self._listen()
        except DRIVER as error:
            if not self._deaf:
                text = "hints of other processes are not heard, what they do is seen by polling, until this works again: %s"
                log.warning(text, translated(error, self._core.address.shown))
            self._deaf = True
            self._later(RECONNECT, self._again)
            return False
        self._deaf = False
        return True
