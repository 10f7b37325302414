"""Protean: classes marked by the domain, handlers marked by `handle`, events raised by aggregates."""

import ast

from tense.rules.meaning.graph import Kind
from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Function, argument, dotted, keyword
from tense.topology.readers.source.tree import Tree

_KINDS: dict[str, Kind] = {"event": "event", "command": "command"}


def declare_protean(tree: Tree) -> None:
    """Note the kinds that decorators of the domain declare."""
    if not tree.using("protean"):
        return
    for found in tree.classes.every:
        for written, _call in decorators(found):
            holder, _, mark = written.rpartition(".")
            if holder and mark in _KINDS:
                tree.classes.declare(found, _KINDS[mark])


def read_protean(tree: Tree) -> None:
    """Record handlers, raised events and processed commands."""
    if not tree.using("protean"):
        return
    for module in tree.modules:
        for function in module.functions:
            _handler(tree, function)
        for called in module.calls:
            _said(tree, called)


def _handler(tree: Tree, function: Function) -> None:
    for written, call in decorators(function):
        if written.rpartition(".")[2] not in {"handle", "on"} or call is None:
            continue
        for node in call.args:
            found = tree.classes.named(dotted(node), function.module, function.owner)
            if found is not None and tree.classes.kind(found) != "unknown":
                tree.handles(function, tree.message(found))


def _said(tree: Tree, called: Called) -> None:
    if called.method not in {"raise_", "process"} or not called.node.args:
        return
    found = tree.class_of(called.node.args[0], called)
    if found is None or tree.classes.kind(found) == "unknown":
        return
    if called.method == "raise_":
        tree.says(called, tree.message(found), "publish")
        return
    flag = keyword(called.node, "asynchronous") or argument(called.node, 1)
    waits = isinstance(flag, ast.Constant) and flag.value is False
    tree.says(called, tree.message(found), "execute" if waits else "send", waits=waits)
