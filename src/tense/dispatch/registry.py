"""Registry: all handlers of an app, checked together and frozen when it starts."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from tense.dispatch.answers import fields_type
from tense.dispatch.handler import Handler
from tense.dispatch.service import Service
from tense.dispatch.signature import Need, needs_of
from tense.dispatch.upcasting import upcasters_of
from tense.errors import (
    MessageDefinitionError,
    NoHandlerError,
    RegistrationError,
    TwoHandlersError,
    UnencodableError,
    WireNameError,
)
from tense.messages.declaration import Declaration, declaration_of, is_message
from tense.messages.envelope import event_channel, subscription_name
from tense.messages.kinds import field_names
from tense.ports.codec import Codec
from tense.ports.records import Consumer
from tense.rules.routing import answers_of, refuse_cycles
from tense.rules.upcast import missing_steps


class Registry:
    """Who handles, subscribes to and hears what, among the services of one app.

    Raises:
        DefinitionError: of whatever kind; everything that can be known before the first message is known here.
    """

    def __init__(self, services: Sequence[Service], codec: Codec, lanes: int) -> None:
        self.services: Mapping[str, Service] = _by_name(services)
        self.handlers: tuple[Handler, ...] = tuple(h for service in services for h in service.handlers)
        self.needs: Mapping[Handler, tuple[Need, ...]] = {handler: needs_of(handler) for handler in self.handlers}
        self.messages: Mapping[str, type] = self._named_messages()
        self.commands: Mapping[str, Handler] = self._only_handlers()
        self.listeners: Mapping[tuple[str, str], Handler] = {
            (h.service, h.declaration.name): h for h in self.handlers if h.role == "hears"
        }
        self.subscribers: Mapping[tuple[str, str], tuple[Handler, ...]] = self._grouped_subscribers()
        self.consumers: tuple[Consumer, ...] = tuple(self._consumers(lanes))
        refuse_cycles(self._waits())
        for cls in self.messages.values():
            _check_written(cls, cls, codec)
            _check_upcasters(cls)
            if declaration_of(cls).kind == "command" and declaration_of(cls).name in self.commands:
                _check_answers(cls, codec)

    def says(self, handler: Handler) -> Mapping[str, tuple[Declaration, ...]]:
        """What a handler may say, by port: `publish`, `send`, `execute`."""
        said: dict[str, tuple[Declaration, ...]] = {}
        for need in self.needs[handler]:
            if need.messages:
                # A handler may have several ports of one kind: an Execute for each command.
                said[need.kind] = said.get(need.kind, ()) + tuple(declaration_of(cls) for cls in need.messages)
        return said

    def contract_hash(self, service: str) -> str:
        """A figure that changes when the words of a service change: names, versions, keys and fields."""
        lines = sorted(
            f"{name} v{declaration_of(cls).version} {declaration_of(cls).key} {','.join(field_names(cls))}"
            for name, cls in self.messages.items()
            if declaration_of(cls).owner.name == service
        )
        return sha256("\n".join(lines).encode()).hexdigest()[:16]

    def require_handlers(self) -> None:
        """Refuse commands of services here that nobody handles.

        Raises:
            NoHandlerError: for the first of them.
        """
        for name, service in sorted(self._owned_commands().items()):
            if name not in self.commands:
                registered = tuple(f"{h.declaration.name} ({h.place})" for h in self.commands.values())
                raise NoHandlerError(name, registered, service)

    def _owned_commands(self) -> dict[str, str]:
        """The commands of services here: those that handlers name, and those that stand beside them in their modules."""
        owned = [cls for cls in self.messages.values() if declaration_of(cls).owner.name in self.services]
        modules = {cls.__module__ for cls in owned}
        beside = [value for name in modules for value in vars(sys.modules[name]).values() if is_message(value)]
        declarations = [declaration_of(cls) for cls in (*owned, *beside) if cls.__module__ in modules]
        return {
            declaration.name: declaration.owner.name
            for declaration in declarations
            if declaration.kind == "command" and declaration.owner.name in self.services
        }

    def _named_messages(self) -> dict[str, type]:
        found: dict[str, type] = {}
        for handler in self.handlers:
            said = [cls for need in self.needs[handler] for cls in need.messages]
            for cls in (handler.message, *said):
                declaration = declaration_of(cls)
                if (other := found.setdefault(declaration.name, cls)) is not cls:
                    raise WireNameError(declaration.name, declaration_of(other).place, declaration.place)
        return found

    def _only_handlers(self) -> dict[str, Handler]:
        found: dict[str, Handler] = {}
        for handler in self.handlers:
            if handler.role == "handles":
                first = found.setdefault(handler.declaration.name, handler)
                if first is not handler:
                    raise TwoHandlersError(handler.declaration.name, first.place, handler.place)
        return found

    def _grouped_subscribers(self) -> dict[tuple[str, str], tuple[Handler, ...]]:
        found: dict[tuple[str, str], tuple[Handler, ...]] = {}
        for handler in self.handlers:
            if handler.role == "subscribes":
                place = (handler.service, handler.declaration.name)
                found[place] = (*found.get(place, ()), handler)
        return found

    def _consumers(self, lanes: int) -> Sequence[Consumer]:
        consumers = [
            Consumer(name=name, service=name, channel=name, kind="inbox", lanes=lanes)
            for name, service in self.services.items()
            if any(handler.role != "subscribes" for handler in service.handlers)
        ]
        channels: dict[tuple[str, str], list[Handler]] = {}
        for (service, _), handlers in self.subscribers.items():
            declaration = handlers[0].declaration
            channel = event_channel(declaration.owner.name, declaration.aggregate)
            channels.setdefault((service, channel), []).extend(handlers)
        for (service, channel), readers in channels.items():
            starts = {handler.from_start for handler in readers}
            if len(starts) > 1:
                places = " and ".join(handler.place for handler in readers)
                text = f"{service} reads {channel} from the start and from its end at once ({places}). Agree on from_start."
                raise RegistrationError(text)
            consumers.append(
                Consumer(
                    name=subscription_name(service, channel),
                    service=service,
                    channel=channel,
                    kind="subscription",
                    lanes=lanes,
                    types=tuple(sorted({handler.declaration.name for handler in readers})),
                    from_start=starts.pop(),
                )
            )
        return consumers

    def _waits(self) -> dict[str, set[str]]:
        edges: dict[str, set[str]] = {}
        for handler in self.handlers:
            for declaration in self.says(handler).get("execute", ()):
                edges.setdefault(handler.service, set()).add(declaration.owner.name)
        return edges


def _by_name(services: Sequence[Any]) -> dict[str, Service]:
    found: dict[str, Service] = {}
    for service in services:
        if not isinstance(service, Service):
            hint = " Pass the service object, as in App(orders.service)." if hasattr(service, "service") else ""
            text = f"App(...) takes services, got {service!r}.{hint}"
            raise RegistrationError(text)
        if found.setdefault(service.name, service) is not service:
            text = f"Two services run the contract {service.name!r}. One contract, one service."
            raise RegistrationError(text)
    return found


def _check_answers(command: type, codec: Codec) -> None:
    answers = answers_of(command)
    if answers.result is not None:
        _check_written(command, answers.result, codec)
    refusals: Iterable[Any] = answers.rejections.values()
    for refusal in refusals:
        _check_written(command, fields_type(refusal), codec)


def _check_written(message: type, part: Any, codec: Codec) -> None:
    """Refuse what the codec could never write of a message: itself, its result, the fields of a rejection."""
    try:
        codec.check(part)
    except (UnencodableError, NameError) as error:
        declaration = declaration_of(message)
        text = (
            f"{declaration.name} ({declaration.place}): {error}. Use types that msgspec or Pydantic reads and writes."
        )
        raise MessageDefinitionError(text) from error


def _check_upcasters(message: type) -> None:
    declaration = declaration_of(message)
    if missing := missing_steps(upcasters_of(message), declaration.version):
        text = (
            f"{declaration.name} ({declaration.place}) is at version {declaration.version}, and nothing upcasts version "
            f"{', '.join(map(str, missing))}. Write @upcast({message.__name__}, version={missing[0]})."
        )
        raise RegistrationError(text)
