"""Outbox: what is said within the user's own transaction leaves when it commits, or was never said."""

import importlib
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tense.dispatch.envelopes import Envelopes
from tense.errors import ForeignMessageError, NotAMessageError, NotSupportedError, WorkflowError
from tense.messages.envelope import Envelope
from tense.messages.kinds import IsCommand, IsEvent
from tense.ports.joining import Joint
from tense.rules.lanes import lane_of
from tense.runtime.system import SystemChance, SystemClock

if TYPE_CHECKING:
    from typing import Self

    from tense.runtime.app import App

JOINTS = {
    "aiosqlite": ("tense.adapters.stores.sqlite.joining", "AiosqliteJoint"),
    "sqlite3": ("tense.adapters.stores.sqlite.joining", "SqliteJoint"),
    "django": ("tense.adapters.sessions.django", "DjangoJoint"),
    "asyncpg": ("tense.adapters.stores.postgres.joining", "AsyncpgJoint"),
    "psycopg": ("tense.adapters.stores.postgres.joining", "PsycopgJoint"),
    "sqlalchemy": ("tense.adapters.sessions.sqlalchemy", "SqlAlchemyJoint"),
}
"""Which adapter joins the connections of which library."""

SESSIONS = {"django", "sqlalchemy"}
"""Libraries that lead to a driver's connection, which then is joined in its own way."""


class Outbox:
    """Joins an open transaction: `with app.outbox(connection) as out: out.publish(...); out.send(...)`.

    What was said is written when the block ends, through the same connection; an exception that leaves the block writes
    nothing. Committing stays the user's. `out.publish` fits wherever domain code takes `Publish[...]`.
    """

    def __init__(self, app: "App", connection: object) -> None:
        clock = SystemClock()
        self._app = app
        self._joint = joint_for(connection, app.store if isinstance(app.store, str) else "")
        self._envelopes = Envelopes(app.codec, clock, SystemChance(), app.max_body)
        self._said: list[tuple[Envelope, Callable[[], bool]]] = []
        self._open = False

    def publish(self, event: IsEvent, /) -> None:
        """Publish an event of a service of this app.

        Raises:
            WorkflowError: the block is over.
            ForeignMessageError: none of this app's services owns the event.
        """
        declaration = self._envelopes.declaration(type(event))
        if declaration.kind != "event":
            text = f"{declaration.name} is a command: send it."
            raise NotAMessageError(text)
        if declaration.owner.name not in self._app.registry.services:
            text = f"this app does not run {declaration.owner}, which owns {declaration.name}: only the owner publishes it."
            raise ForeignMessageError(text)
        self._say(self._envelopes.wrap(event, source=declaration.owner.name))

    def send(
        self,
        command: IsCommand[Any, Any],
        /,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        id: str | None = None,  # noqa: A002 - the field's name everywhere
    ) -> str:
        """Send a command; gives its id, with which `client.ticket` asks for the outcome.

        Raises:
            WorkflowError: the block is over.
        """
        declaration = self._envelopes.declaration(type(command))
        if declaration.kind != "command":
            text = f"{declaration.name} is an event: publish it."
            raise NotAMessageError(text)
        envelope = self._envelopes.wrap(command, message_id=id, due=self._envelopes.due(after, at))
        self._say(envelope)
        return envelope.metadata.id

    def __enter__(self) -> "Self":
        self._open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        try:
            if kind is None:
                self._joint.write(self._placed(), self._envelopes.clock.now())
        finally:
            self._joint.leave()

    async def __aenter__(self) -> "Self":
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        try:
            if kind is None:
                await self._joint.write_async(self._placed(), self._envelopes.clock.now())
        finally:
            self._joint.leave()

    def _say(self, envelope: Envelope) -> None:
        if not self._open:
            text = "this outbox is over: say things inside of its `with` block."
            raise WorkflowError(text)
        self._said.append((envelope, self._joint.said()))

    def _placed(self) -> list[tuple[Envelope, int]]:
        said, self._said = [envelope for envelope, stands in self._said if stands()], []
        if self._app.broker is not None:
            from tense.runtime.relay_parcel import parcel  # noqa: PLC0415 - only where a relay carries on

            said = [parcel(envelope) for envelope in said]
        lanes = self._app.lanes
        return [(envelope, lane_of(envelope.metadata.partitionkey or envelope.metadata.id, lanes)) for envelope in said]


def joint_for(connection: object, address: str = "") -> Joint:
    """The adapter that writes through a connection or session; `address` is the app's store, if it has one.

    Raises:
        NotSupportedError: no adapter knows it.
    """
    for cls in type(connection).__mro__:
        root = cls.__module__.partition(".")[0]
        found = JOINTS.get(root)
        if found is not None:
            module, name = found
            made = getattr(importlib.import_module(module), name)
            joint: Joint = made(connection, address, joint_for) if root in SESSIONS else made(connection, address)
            return joint
    known = ", ".join(sorted(JOINTS))
    text = (
        f"app.outbox() cannot join a {type(connection).__module__}.{type(connection).__qualname__}. It knows: {known}."
    )
    raise NotSupportedError(text)
