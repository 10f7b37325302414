"""Lato: an application of named modules; each module is a service that handles tasks and hears events."""

import ast
from collections import defaultdict

from tense.rules.meaning.graph import Kind, Verb
from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Function, argument, dotted
from tense.topology.readers.source.tree import Tree

_MAKERS = frozenset({"ApplicationModule", "Application"})
_KINDS: dict[str, Kind] = {"Task": "command", "Command": "command", "Query": "query", "Event": "event"}
_VERBS: dict[str, Verb] = {"publish": "publish", "execute": "execute", "call": "execute"}


def declare_lato(tree: Tree) -> None:
    """Note the kinds of classes that derive from Lato's own."""
    for module in tree.using("lato"):
        for found in module.classes:
            for name, _base in tree.classes.bases(found):
                if name.startswith("lato.") and name.rpartition(".")[2] in _KINDS:
                    tree.classes.declare(found, _KINDS[name.rpartition(".")[2]])


def read_lato(tree: Tree) -> None:
    """Record handlers under the module they are registered with, and what a context says."""
    if not tree.using("lato"):
        return
    services: dict[int, str] = {}
    _rename(tree)
    for module in tree.modules:
        for function in module.functions:
            service = _handler(tree, function)
            if service:
                services[id(function)] = service
    for module in tree.using("lato"):
        for called in module.calls:
            _said(tree, called, services)


def _rename(tree: Tree) -> None:
    """Call a folder that makes one module of an application by the name of that module."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for module in tree.using("lato"):
        for value in module.values.values():
            if isinstance(value, ast.Call) and dotted(value.func).rpartition(".")[2] == "ApplicationModule":
                name = tree.lookup.text(argument(value, 0, "name"), module)
                if name:
                    named[tree.services.of(module.path)].add(name)
    tree.services.renamed.update({folder: names.pop() for folder, names in named.items() if len(names) == 1})


def _handler(tree: Tree, function: Function) -> str | None:
    for written, call in decorators(function):
        holder, _, mark = written.rpartition(".")
        if mark not in {"handler", "on"} or call is None or not call.args:
            continue
        maker = tree.lookup.made_by(holder, function.module, _MAKERS)
        if maker is None:
            continue
        service = tree.lookup.text(argument(maker, 0, "name"), function.module) or ""
        found = tree.classes.named(dotted(call.args[0]), function.module)
        text = tree.lookup.text(call.args[0], function.module)
        kind: Kind = "event" if mark == "on" else "command"
        if found is not None:
            tree.handles(function, tree.message(found, kind), service=service)
        elif text is not None:
            tree.named_message(text, place=function.place, kind=kind)
            tree.handles(function, text, service=service)
        return service
    return None


def _said(tree: Tree, called: Called, services: dict[int, str]) -> None:
    verb = _VERBS.get(called.method)
    if verb is None or called.receiver is None or not called.node.args:
        return
    service = services.get(id(called.function), "") if called.function else ""
    found = tree.class_of(called.node.args[0], called)
    text = tree.lookup.text(called.node.args[0], called.module)
    if found is not None and tree.classes.kind(found) != "unknown":
        tree.says(called, tree.message(found), verb, service=service, waits=verb == "execute")
    elif text is not None and text in tree.draft.messages:
        tree.says(called, text, verb, service=service, waits=verb == "execute")
