"""FastStream: subscribers and publishers of a topic; the two sides of a topic speak of one message."""

import ast
from collections import defaultdict
from dataclasses import dataclass

from msgspec.structs import replace

from tense.rules.meaning.graph import Verb
from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Class, Function, Module, argument, dotted, keyword
from tense.topology.readers.source.tree import Tree

_PACKAGES = ("faststream", "propan")
_BROKERS = frozenset(
    prefix + suffix
    for prefix in ("Kafka", "Rabbit", "Nats", "Redis", "Confluent", "Stream", "MQTT", "SQS")
    for suffix in ("Broker", "Router", "RoutePublisher")
)
_TOPIC_KEYWORDS = ("topic", "queue", "subject", "channel", "list", "stream", "destination")
_GIVEN = frozenset({"Context", "Depends", "Logger", "Header", "Path", "NoCast"})


@dataclass(frozen=True, slots=True)
class _Use:
    """One side of a topic: a handler or publisher (`function`), or a call that publishes."""

    topic: str
    classes: tuple[Class, ...]
    function: Function | None = None
    called: Called | None = None
    verb: Verb = "unknown"


def read_faststream(tree: Tree) -> None:
    """Record handlers and sayings of all topics."""
    if not tree.using(*_PACKAGES):
        return
    heard: list[_Use] = []
    said: list[_Use] = []
    for module in tree.modules:
        for function in module.functions:
            _decorated(tree, function, heard, said)
        for called in module.calls:
            use = _call(tree, called)
            said += [use] if use else []
    names = _said(tree, said)
    for use in heard:
        _heard(tree, use, names[use.topic])


def _is_broker(tree: Tree, written: str, module: Module) -> bool:
    if not written:
        return False
    if tree.lookup.made_by(written, module, _BROKERS) is not None:
        return True
    last = written.rpartition(".")[2].lower()
    return module.uses(*_PACKAGES) and last.endswith(("broker", "router"))


def _decorated(tree: Tree, function: Function, heard: list[_Use], said: list[_Use]) -> None:
    for written, given in decorators(function):
        call = given
        holder, _, mark = written.rpartition(".")
        maker = tree.lookup.value(written, function.module) if call is None else None
        if maker is not None and isinstance(maker[1], ast.Call):
            # `orders = broker.publisher("orders")`, later `@orders`.
            holder, _, mark = dotted(maker[1].func).rpartition(".")
            call = maker[1]
        if call is None or mark not in {"subscriber", "publisher"} or not _is_broker(tree, holder, function.module):
            continue
        topic = _topic(tree, call, function.module)
        if topic is None:
            continue
        if mark == "subscriber":
            heard.append(_Use(topic, _payload(tree, function), function=function))
        else:
            answer = tuple(tree.annotated(function.node.returns, function))
            said.append(_Use(topic, answer, function=function))


def _topic(tree: Tree, call: ast.Call, module: Module, position: int = 0) -> str | None:
    return tree.lookup.text(argument(call, position, *_TOPIC_KEYWORDS), module)


def _payload(tree: Tree, function: Function) -> tuple[Class, ...]:
    for parameter in function.parameters:
        named = dotted(parameter.annotation).rpartition(".")[2]
        if named in _GIVEN or (isinstance(parameter.annotation, ast.Subscript) and "Depends" in ast.dump(parameter)):
            continue
        found = tuple(tree.annotated(parameter.annotation, function))
        if found:
            return found
    return ()


def _call(tree: Tree, called: Called) -> _Use | None:
    if called.method not in {"publish", "request"} or called.receiver is None:
        return None
    holder = dotted(called.receiver)
    made = tree.class_of(called.node.args[0] if called.node.args else keyword(called.node, "message"), called)
    classes = (made,) if made else ()
    verb: Verb = "execute" if called.method == "request" else "unknown"
    publisher = tree.lookup.made_by(holder, called.module, frozenset({"publisher"}))
    if publisher is not None:
        topic = _topic(tree, publisher, called.module)
    elif _is_broker(tree, holder, called.module):
        topic = _topic(tree, called.node, called.module, 1)
    else:
        return None
    return _Use(topic, classes, called=called, verb=verb) if topic is not None else None


def _said(tree: Tree, said: list[_Use]) -> defaultdict[str, dict[str, str]]:
    """Record what is published; return for each topic the messages by their simple class names."""
    names: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for use in said:
        for found in use.classes:
            if found.simple not in names[use.topic]:
                names[use.topic][found.simple] = tree.message(found)
    for use in said:
        known = names[use.topic]
        messages = [known[found.simple] for found in use.classes]
        if not messages:
            messages = list(known.values())[:1] if len(known) == 1 else [_untyped(tree, use)]
        for message in messages:
            _record(tree, use, message)
    return names


def _record(tree: Tree, use: _Use, message: str) -> None:
    if use.called is not None:
        waits = use.verb == "execute"
        tree.says(
            use.called,
            message,
            use.verb,
            waits=waits,
            address=use.topic,
            channel=use.topic,
            leaves_at_once=True,
        )
    elif use.function is not None:
        node = ast.Call(func=ast.Name(id="publisher"), args=[], keywords=[])
        node.lineno, node.col_offset = use.function.node.lineno, 0
        tree.says(Called(use.function.module, node, use.function), message, use.verb, channel=use.topic)
    place = use.called.place if use.called else use.function.place if use.function else None
    if place is not None:
        tree.channel(use.topic, place, message)


def _untyped(tree: Tree, use: _Use) -> str:
    at = use.called or use.function
    assert at is not None
    return tree.named_message(use.topic, place=at.place, owner=tree.service(at.module))


def _heard(tree: Tree, use: _Use, known: dict[str, str]) -> None:
    assert use.function is not None
    if use.classes and not known:
        messages = [tree.message(found) for found in use.classes]
    elif use.classes and any(found.simple in known for found in use.classes):
        messages = [known[found.simple] for found in use.classes if found.simple in known]
    elif known:
        messages = list(known.values())
    else:
        messages = [tree.named_message(use.topic, place=use.function.place)]
    _disown_copies(tree, use, messages)
    for message in messages:
        tree.handles(use.function, message, channel=use.topic)
        tree.channel(use.topic, use.function.place, message)


def _disown_copies(tree: Tree, use: _Use, messages: list[str]) -> None:
    """A schema that both sides of a topic write down for themselves has no owner that source could tell."""
    for name in messages:
        message = tree.draft.messages[name]
        for found in use.classes:
            copied = found.simple == message.written and found.module.file != (message.place or found.place).file
            if copied and tree.service(found.module) != message.owner:
                tree.draft.messages[name] = replace(message, owner=None)
