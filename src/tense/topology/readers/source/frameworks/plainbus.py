"""Buses that a project wrote itself: who registers, decorates or lists a handler, and who says a message."""

import ast
from collections.abc import Iterator

from tense.rules.meaning.graph import Kind, Verb
from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Class, Function, Module, dotted
from tense.topology.readers.source.tree import Tree

_SAYS: dict[str, Verb] = {
    **dict.fromkeys(("publish", "publish_event", "emit", "emit_event", "raise_event", "add_event"), "publish"),
    **dict.fromkeys(("add_domain_event", "record_event", "record_that", "register_event", "notify"), "publish"),
    **dict.fromkeys(("dispatch_event", "append_event", "fire", "fire_event", "publish_async", "broadcast"), "publish"),
    **dict.fromkeys(("publish_message", "publish_integration_event", "_record_event", "_add_event"), "publish"),
    **dict.fromkeys(("send_command", "enqueue", "enqueue_command", "send_async", "schedule"), "send"),
    **dict.fromkeys(("execute", "execute_command", "execute_async", "request", "invoke", "ask", "call"), "execute"),
}
"""Methods whose name says how a message leaves."""

_NEUTRAL = frozenset(
    {
        "handle",
        "dispatch",
        "process",
        "send",
        "push",
        "raise_",
        "submit",
        "apply",
        "handle_message",
        "trigger",
    }
    | {"dispatch_command", "handle_command", "handle_event", "put", "deliver", "produce", "__call__"}
)
"""Methods that take either kind: the kind of the message says how it leaves."""

_BY_KIND: dict[Kind, Verb] = {"command": "execute", "query": "execute", "event": "publish"}
_REGISTERS = frozenset(
    {
        "register_handler",
        "add_handler",
        "register",
        "subscribe",
        "add_listener",
        "on",
        "bind",
        "connect",
        "attach",
    }
    | {
        "register_command_handler",
        "register_event_handler",
        "register_command",
        "register_event",
        "add_subscriber",
    }
    | {
        "register_subscriber",
        "add_event_handler",
        "add_command_handler",
        "subscribe_to",
        "register_query_handler",
    }
    | {"register_handlers", "add_event_listener", "set_handler", "map", "route", "handler"}
)
_BARE_MARKS = ("handler", "handles", "subscriber", "subscribe", "listener", "listens", "register", "consumer")
_HANDLER_CLASSES = ("Handler", "Listener", "Subscriber", "Policy", "Consumer", "UseCase")
_HANDLER_METHODS = ("handle", "__call__", "execute", "handle_async", "on_event", "process", "run")
_MARKS_OF_OTHERS = frozenset({"event", "apply", "dataclass", "task", "actor", "subscriber", "publisher"})
_MAX_NESTED = 3


def read_plainbus(tree: Tree) -> None:
    """Record handlers by table, registration, decoration and class, then what is said and not yet recorded."""
    for module in tree.modules:
        for function in module.functions:
            _decorated(tree, function)
        for value in module.values.values():
            if isinstance(value, ast.Dict):
                _table(tree, value, module)
        for called in module.calls:
            _registered(tree, called)
    for found in tree.classes.every:
        _handler_class(tree, found)
    for module in tree.modules:
        for called in module.calls:
            if id(called.node) not in tree.taken:
                _said(tree, called)


def _message_class(tree: Tree, node: ast.expr, module: Module, owner: Class | None = None) -> Class | None:
    found = tree.classes.named(dotted(node), module, owner)
    return found if found is not None and tree.classes.is_message(found) else None


def _decorated(tree: Tree, function: Function) -> None:
    for written, call in decorators(function):
        mark = written.rpartition(".")[2].lower()
        if mark in _MARKS_OF_OTHERS:
            continue
        if call is not None:
            for node in [*call.args, *(one.value for one in call.keywords)]:
                found = _message_class(tree, node, function.module, function.owner)
                if found is not None:
                    tree.handles(function, tree.message(found))
        elif any(mark.endswith(word) for word in _BARE_MARKS):
            _by_annotation(tree, function)


def _by_annotation(tree: Tree, function: Function) -> None:
    for parameter in function.parameters[:2]:
        for found in tree.annotated(parameter.annotation, function):
            if tree.classes.is_message(found):
                tree.handles(function, tree.message(found))


def _table(tree: Tree, table: ast.Dict, module: Module) -> None:
    """Read `{OrderPlaced: [send_mail, book], ...}`."""
    for key, value in zip(table.keys, table.values, strict=True):
        found = _message_class(tree, key, module) if key is not None else None
        if found is not None:
            for function in _functions(tree, value, module):
                tree.handles(function, tree.message(found))


def _functions(tree: Tree, node: ast.expr, module: Module, depth: int = 0) -> Iterator[Function]:
    """Give the functions that an expression names: itself, a list, a lambda, a partial, an object with `handle`."""
    if depth > _MAX_NESTED:
        return
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        for one in node.elts:
            yield from _functions(tree, one, module, depth + 1)
        return
    if isinstance(node, ast.Lambda):
        yield from _functions(tree, node.body, module, depth + 1)
        return
    written = dotted(node.func if isinstance(node, ast.Call) else node)
    function = tree.lookup.function(written, module)
    handler = tree.classes.named(written, module)
    if function is not None:
        yield function
    elif handler is not None:
        yield from _methods(handler)
    elif isinstance(node, ast.Call):
        for one in node.args:
            yield from _functions(tree, one, module, depth + 1)
    elif isinstance(node, ast.Attribute):
        yield from _bound(tree, node, module)


def _bound(tree: Tree, node: ast.Attribute, module: Module) -> Iterator[Function]:
    """Give the method of an object whose class is known: `service = Orders(); bus.subscribe(X, service.place)`."""
    made = tree.lookup.value(dotted(node.value), module)
    if made is not None and isinstance(made[1], ast.Call):
        owner = tree.classes.named(dotted(made[1].func), made[0])
        wanted = f"{owner.name}.{node.attr}" if owner is not None else ""
        yield from (one for one in (owner.module.functions if owner is not None else ()) if one.name == wanted)
        return
    alone = [one for one in tree.lookup.simple.get(node.attr, ()) if one.owner is not None]
    if len(alone) == 1:
        yield alone[0]


def _methods(handler: Class) -> Iterator[Function]:
    found = [one for one in handler.module.functions if one.owner is handler and one.node.name in _HANDLER_METHODS]
    yield from found[:1]


def _registered(tree: Tree, called: Called) -> None:
    """Read `bus.register_handler(PlaceOrder, place_order)`."""
    if called.method not in _REGISTERS or called.node.func is None:
        return
    values = [*called.node.args, *(one.value for one in called.node.keywords)]
    owner = called.function.owner if called.function else None
    for node in values:
        if isinstance(node, ast.Dict):
            _table(tree, node, called.module)
    classes = [found for node in values for found in _classes(tree, node, called.module, owner)]
    if not classes:
        return
    for node in values:
        if not _classes(tree, node, called.module, owner):
            for function in _functions(tree, node, called.module):
                for found in classes:
                    tree.taken.add(id(called.node))
                    tree.handles(function, tree.message(found))


def _classes(tree: Tree, node: ast.expr, module: Module, owner: Class | None) -> list[Class]:
    nodes = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    found = [_message_class(tree, one, module, owner) for one in nodes]
    return [one for one in found if one is not None]


def _handler_class(tree: Tree, found: Class) -> None:
    """Read `class PlaceOrderHandler(Handler[PlaceOrder])`, or one whose `handle` takes a message."""
    if not found.simple.endswith(_HANDLER_CLASSES):
        return
    method = next(_methods(found), None)
    if method is None or tree.handlers.get(id(method)):
        return
    _by_annotation(tree, method)
    if tree.handlers.get(id(method)):
        return
    for base in found.node.bases:
        if isinstance(base, ast.Subscript):
            inner = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            for one in inner[:1]:
                message = _message_class(tree, one, found.module)
                if message is not None:
                    tree.handles(method, tree.message(message))


def _said(tree: Tree, called: Called) -> None:
    found = _spoken(tree, called)
    if found is None:
        return
    kind = tree.classes.kind(found)
    verb = _SAYS.get(called.method)
    if verb is None and (called.method in _NEUTRAL or called.method.startswith(("publish_", "emit_"))):
        verb = _BY_KIND.get(kind, "unknown")
        if called.method == "send" and "command" in dotted(called.receiver).lower():
            verb = "send"
    if verb is None and called.method in {"append", "add"} and _holds_messages(called):
        verb = "publish" if kind == "event" else "send"
    if verb is None:
        return
    waits = verb == "execute" and (called.awaited or kind == "query")
    tree.says(called, tree.message(found), verb, waits=waits)


def _holds_messages(called: Called) -> bool:
    last = dotted(called.receiver).rpartition(".")[2].lower()
    return any(word in last for word in ("event", "message", "command", "outbox"))


def _spoken(tree: Tree, called: Called) -> Class | None:
    """Return the message class among the arguments of a call; one level of wrapping is looked through."""
    values = [*called.node.args, *(one.value for one in called.node.keywords)]
    wrapped = [inner for one in values if isinstance(one, ast.Call) for inner in one.args]
    unpacked = [inner for one in values if isinstance(one, ast.List | ast.Tuple) for inner in one.elts]
    for node in (*values, *unpacked, *wrapped):
        found = tree.class_of(node, called)
        if found is not None and tree.classes.is_message(found):
            return found
    return None
