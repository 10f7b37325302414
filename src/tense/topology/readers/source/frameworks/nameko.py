"""Nameko: a class with a `name` is a service; it dispatches events, handles them, and is called by proxies."""

import ast

from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Class, Function, argument, dotted
from tense.topology.readers.source.tree import Tree


def read_nameko(tree: Tree) -> None:
    """Record services, events, procedures and the calls of them."""
    if not tree.using("nameko"):
        return
    names = {id(found): name for found in tree.classes.every if (name := _service_name(tree, found))}
    procedures: set[str] = set()
    for module in tree.modules:
        for function in module.functions:
            if function.owner is not None and id(function.owner) in names:
                _marked(tree, function, names[id(function.owner)], procedures)
    for module in tree.modules:
        for called in module.calls:
            if called.function is not None and called.function.owner is not None:
                name = names.get(id(called.function.owner))
                if name is not None:
                    _called(tree, called, called.function.owner, name, procedures)


def _service_name(tree: Tree, found: Class) -> str | None:
    value = found.module.values.get(f"{found.name}.name")
    return tree.lookup.text(value, found.module) if value is not None and found.module.uses("nameko") else None


def _marked(tree: Tree, function: Function, service: str, procedures: set[str]) -> None:
    for written, call in decorators(function):
        mark = written.rpartition(".")[2]
        if mark == "event_handler" and call is not None:
            source = tree.lookup.text(argument(call, 0, "source_service"), function.module)
            kind = tree.lookup.text(argument(call, 1, "event_type"), function.module)
            if source and kind:
                name = f"{source}.{kind}"
                tree.named_message(name, place=function.place, kind="event", owner=source, written=kind)
                tree.handles(function, name, service=service)
        elif mark == "rpc":
            name = f"{service}.{function.node.name}"
            tree.named_message(name, place=function.place, owner=service, written=function.node.name)
            tree.handles(function, name, service=service)
            procedures.add(name)


def _called(tree: Tree, called: Called, owner: Class, service: str, procedures: set[str]) -> None:
    written = dotted(called.node.func)
    parts = written.split(".")
    made = tree.lookup.value(f"{owner.name}.{parts[1]}", owner.module) if parts[0] == "self" and parts[1:] else None
    maker = made[1] if made else None
    kind = dotted(maker.func).rpartition(".")[2] if isinstance(maker, ast.Call) else ""
    if kind == "EventDispatcher" and called.node.args:
        event = tree.lookup.text(called.node.args[0], called.module)
        if event is not None:
            name = f"{service}.{event}"
            tree.named_message(name, place=called.place, kind="event", owner=service, written=event)
            tree.says(called, name, "publish", service=service, leaves_at_once=True)
    elif kind in {"RpcProxy", "ServiceRpc"} and isinstance(maker, ast.Call):
        other = tree.lookup.text(argument(maker, 0, "target_service"), owner.module)
        if other is not None and len(parts) > 2:  # noqa: PLR2004  # self, proxy, procedure
            name = f"{other}.{parts[2]}"
            if name not in procedures:
                tree.named_message(name, place=called.place, owner=other, written=parts[2])
            later = parts[-1] == "call_async"
            tree.says(called, name, "send" if later else "execute", service=service, waits=not later)
