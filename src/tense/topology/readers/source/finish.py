"""Settles what can only be told when a whole tree was read: in which handler a message is said, who calls whom."""

from collections import defaultdict

from msgspec.structs import replace

from tense.rules.meaning.graph import Handling
from tense.topology.readers.source.modules import Called, Function, dotted
from tense.topology.readers.source.tree import Tree

_MOST_HOPS = 3
_MOST_NAMESAKES = 3
_MOST_HANDLERS = 6
_TOO_COMMON = frozenset(
    {
        "get",
        "add",
        "append",
        "save",
        "run",
        "update",
        "create",
        "delete",
        "commit",
        "close",
        "start",
        "handle",
    }
    | {
        "execute",
        "publish",
        "send",
        "dispatch",
        "process",
        "__init__",
        "list",
        "all",
        "filter",
        "apply",
        "call",
    }
)


def finish(tree: Tree) -> None:
    """Add the sayings with the handlers they happen in, direct calls between handlers, and imports of services."""
    callers = _callers(tree)
    for function, said in tree.later:
        inside = _handlers_of(tree, function, callers) if function is not None else []
        names = [handling.name for handling in inside if handling.service == said.service]
        tree.draft.sayings += [replace(said, inside=name) for name in names] if names else [said]
    tree.draft.sayings = list(dict.fromkeys(tree.draft.sayings))
    _calls(tree)
    _imports(tree)
    _unknown(tree)


def _callers(tree: Tree) -> dict[int, list[Function]]:
    """Return for each function the functions that call it, where a name tells which."""
    callers: defaultdict[int, list[Function]] = defaultdict(list)
    for module in tree.modules:
        for called in module.calls:
            if called.function is None:
                continue
            target = tree.lookup.function(dotted(called.node.func), module)
            for one in [target] if target is not None else _methods(tree, called):
                if one is not called.function:
                    callers[id(one)].append(called.function)
    return callers


def _methods(tree: Tree, called: Called) -> list[Function]:
    """Return the methods of the same service that a call of an unknown object's method may mean, if few."""
    if called.receiver is None or called.method in _TOO_COMMON:
        return []
    mine = tree.services.of(called.module.path)
    every = [one for one in tree.lookup.simple.get(called.method, ()) if one.owner is not None]
    found = [one for one in every if tree.services.of(one.module.path) == mine]
    return found if len(found) <= _MOST_NAMESAKES else []


def _handlers_of(tree: Tree, function: Function, callers: dict[int, list[Function]]) -> list[Handling]:
    """Return the handlers a function is part of: itself, the one it is written in, or those that call it."""
    seen: set[int] = set()
    level = [function]
    for _hop in range(_MOST_HOPS + 1):
        found = [handling for one in level for handling in tree.handlers.get(id(one), ())]
        found += [handling for one in level for handling in _enclosing(tree, one)]
        if found:
            return list(dict.fromkeys(found))[:_MOST_HANDLERS]
        seen |= {id(one) for one in level}
        level = [caller for one in level for caller in callers.get(id(one), ()) if id(caller) not in seen]
    return []


def _enclosing(tree: Tree, function: Function) -> list[Handling]:
    outer = function.name.rpartition(".")[0]
    if not outer:
        return []
    found = [one for one in function.module.functions if one.name == outer]
    return [handling for one in found for handling in tree.handlers.get(id(one), ())]


def _calls(tree: Tree) -> None:
    """Note which handlers call another handler's function directly."""
    added: defaultdict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for module in tree.modules:
        for called in module.calls:
            mine = tree.handlers.get(id(called.function), ()) if called.function else ()
            target = tree.lookup.function(dotted(called.node.func), module) if mine else None
            if target is None or target is called.function:
                continue
            for other in tree.handlers.get(id(target), ()):
                for handling in mine:
                    added[handling.service, handling.name][f"{other.service}.{other.name}"] = None
    for key, names in added.items():
        tree.draft.handlings[key] = replace(tree.draft.handlings[key], calls=tuple(names))


def _imports(tree: Tree) -> None:
    """Note which services import from which."""
    by_module = {module.name: module for module in tree.modules}
    endings = {ending: one for name, one in by_module.items() for ending in _endings(name)}
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for module in tree.modules:
        mine = tree.services.of(module.path)
        for imported in module.imports.values():
            target = endings.get(imported) or endings.get(imported.rpartition(".")[0])
            if target is not None and not tree.services.is_shared(target.path):
                other = tree.services.of(target.path)
                if other != mine and other in tree.draft.services:
                    found[mine][other] = None
    for name, others in found.items():
        if name in tree.draft.services:
            tree.draft.services[name] = replace(tree.draft.services[name], imports=tuple(others))


def _endings(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _unknown(tree: Tree) -> None:
    """Say what source cannot tell."""
    draft = tree.draft
    draft.unknown |= {"stores"}
    if any(message.kind == "unknown" for message in draft.messages.values()):
        draft.unknown.add("kinds")
    if any(message.owner is None for message in draft.messages.values()):
        draft.unknown.add("owners")
    if any(message.fields is None for message in draft.messages.values()):
        draft.unknown.add("fields")
    if not draft.handlings:
        draft.unknown.add("handlers")
    if not draft.sayings:
        draft.unknown |= {"sayings", "inside"}
