"""The eventsourcing library: events nested in aggregates, policies that follow them."""

import ast

from msgspec.structs import replace

from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Class, Function, dotted, text_of
from tense.topology.readers.source.tree import Tree

_EVENTS = ("Event", "Created", "DomainEvent", "AggregateEvent", "AggregateCreated", "CanMutateAggregate")


def declare_eventsourcing(tree: Tree) -> None:
    """Note the classes that are events of aggregates."""
    if not tree.using("eventsourcing"):
        return
    for found in tree.classes.every:
        own = found.module.uses("eventsourcing") and found.simple not in _EVENTS
        if own and any(name.rpartition(".")[2] in _EVENTS for name, _base in tree.classes.bases(found)):
            tree.classes.declare(found, "event")


def read_eventsourcing(tree: Tree) -> None:
    """Record events that aggregates trigger and policies that follow."""
    for module in tree.using("eventsourcing"):
        for function in module.functions:
            _method(tree, function)
        for called in module.calls:
            if called.method == "trigger_event" and called.node.args:
                _triggered(tree, called, called.node.args[0])
    files = {module.file for module in tree.using("eventsourcing")}
    for name, message in tree.draft.messages.items():
        if message.kind == "event" and message.place is not None and message.place.file in files:
            tree.draft.messages[name] = replace(message, stored=True)


def _method(tree: Tree, function: Function) -> None:
    for written, call in decorators(function):
        mark = written.rpartition(".")[2]
        if mark == "event" and call is not None and call.args and function.owner is not None:
            called = Called(function.module, call, function)
            _named(tree, called, function.owner, call.args[0])
        elif mark == "register" and "policy" in written:
            _policy(tree, function, call)
    if function.node.name == "policy":
        for node in ast.walk(function.node):
            if isinstance(node, ast.MatchClass):
                _follows(tree, function, dotted(node.cls))
            elif isinstance(node, ast.Call) and dotted(node.func) == "isinstance" and len(node.args) > 1:
                for one in node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]:
                    _follows(tree, function, dotted(one))


def _policy(tree: Tree, function: Function, call: ast.Call | None) -> None:
    if call is not None:
        for node in call.args:
            _follows(tree, function, dotted(node))
    for parameter in function.parameters[:1]:
        for found in tree.annotated(parameter.annotation, function):
            _follows(tree, function, found.name)


def _follows(tree: Tree, function: Function, written: str) -> None:
    found = tree.classes.named(written, function.module, function.owner)
    if found is not None and tree.classes.kind(found) == "event":
        tree.handles(function, tree.message(found))
        return
    outer, _, simple = written.rpartition(".")
    aggregate = tree.classes.named(outer, function.module) if outer else None
    name = f"{aggregate.name}.{simple}" if aggregate is not None else ""
    if name in tree.draft.messages:
        tree.handles(function, name)


def _named(tree: Tree, called: Called, aggregate: Class, node: ast.expr) -> None:
    """Record `@event("TrickAdded")`, which defines the event as well, or `@event(TrickAdded)`."""
    text = text_of(node)
    if text is None:
        _triggered(tree, called, node)
        return
    service = tree.service(called.module)
    name = f"{aggregate.name}.{text}"
    written = f"{aggregate.simple}{text}"
    tree.named_message(name, place=called.place, kind="event", owner=service, written=written)
    tree.says(called, name, "publish")


def _triggered(tree: Tree, called: Called, node: ast.expr) -> None:
    owner = called.function.owner if called.function else None
    found = tree.classes.named(dotted(node), called.module, owner)
    if found is not None and tree.classes.kind(found) == "event":
        tree.says(called, tree.message(found), "publish")
