"""Celery, Dramatiq and Taskiq: a task is a command, its function the one handler, calling it later sends it."""

import ast
from dataclasses import dataclass

from msgspec.structs import replace

from tense.rules.meaning.graph import Field, Verb
from tense.topology.readers.source.lookup import decorators
from tense.topology.readers.source.modules import Called, Function, dotted, keyword
from tense.topology.readers.source.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one task framework."""

    package: str
    makers: frozenset[str]
    marks: frozenset[str]
    says: frozenset[str]
    by_name: frozenset[str] = frozenset()
    waits: frozenset[str] = frozenset()
    name_keywords: tuple[str, ...] = ("name",)


FRAMEWORKS = (
    Words(
        package="celery",
        makers=frozenset({"Celery"}),
        marks=frozenset({"task", "shared_task", "periodic_task"}),
        says=frozenset({"delay", "apply_async", "s", "si", "signature"}),
        by_name=frozenset({"send_task"}),
        waits=frozenset({"get", "wait", "join"}),
    ),
    Words(
        package="dramatiq",
        makers=frozenset(),
        marks=frozenset({"actor"}),
        says=frozenset({"send", "send_with_options", "message"}),
        waits=frozenset({"get_result"}),
        name_keywords=("actor_name",),
    ),
    Words(
        package="taskiq",
        makers=frozenset(
            {"InMemoryBroker", "ListQueueBroker", "RedisStreamBroker", "AioPikaBroker", "NatsBroker"}
            | {"PushBasedJetStreamBroker", "KafkaBroker", "ZeroMQBroker", "AsyncSharedBroker", "PubSubBroker"}
        ),
        marks=frozenset({"task"}),
        says=frozenset({"kiq"}),
        waits=frozenset({"wait_result"}),
        name_keywords=("task_name",),
    ),
)


def read_tasks(tree: Tree) -> None:
    """Record the tasks of all three frameworks and the calls that send them."""
    for words in FRAMEWORKS:
        if tree.using(words.package):
            _read(tree, words)


@dataclass(frozen=True, slots=True)
class _Known:
    """The tasks of one framework: by function, by every name a sender may use, and the calls that are waited for."""

    messages: dict[int, str]
    named: dict[str, str]
    waited: set[int]


def _read(tree: Tree, words: Words) -> None:
    messages: dict[int, str] = {}
    named: dict[str, str] = {}
    for module in tree.modules:
        for function in module.functions:
            for written, call in decorators(function):
                if _is_mark(tree, words, function, written):
                    message = _task(tree, words, function, call)
                    messages[id(function)] = message
                    named[message] = message
                    named[f"{module.name}.{function.name}"] = message
    for module in tree.modules:
        known = _Known(messages, named, _waited(module.calls, words))
        for called in module.calls:
            _said(tree, words, called, known)


def _is_mark(tree: Tree, words: Words, function: Function, written: str) -> bool:
    holder, _, mark = written.rpartition(".")
    if mark not in words.marks:
        return False
    module = function.module
    if not holder or holder == words.package:
        return module.resolved(written).partition(".")[0] == words.package
    if module.uses(words.package):
        return True
    return tree.lookup.made_by(holder, module, words.makers) is not None


def _task(tree: Tree, words: Words, function: Function, call: ast.Call | None) -> str:
    given = [tree.lookup.text(keyword(call, name), function.module) for name in words.name_keywords] if call else []
    written = next((name for name in given if name), function.node.name)
    name = written
    service = tree.service(function.module)
    if name in tree.draft.messages:
        name = f"{service}.{written}"
    bound = call is not None and isinstance(bind := keyword(call, "bind"), ast.Constant) and bool(bind.value)
    parameters = function.parameters[1 if bound and not _has_self(function) else 0 :]
    optional = len(function.node.args.defaults)
    fields = tuple(
        Field(
            name=one.arg,
            type=ast.unparse(one.annotation)[:80] if one.annotation else "unknown",
            required=number < len(parameters) - optional,
            place=function.module.place(one),
        )
        for number, one in enumerate(parameters)
    )
    tree.named_message(
        name,
        place=function.place,
        kind="command",
        owner=service,
        fields=fields,
        written=written.rpartition(".")[2],
    )
    tree.draft.messages[name] = replace(tree.draft.messages[name], result=_result(function))
    queue = tree.lookup.text(keyword(call, "queue"), function.module) if call else None
    tree.handles(function, name, channel=queue)
    return name


def _result(function: Function) -> str | None:
    """Return what a task gives back: its annotation, or `any` where it returns something."""
    if function.node.returns is not None:
        shown = ast.unparse(function.node.returns)[:80]
        return None if shown == "None" else shown
    gives = any(isinstance(one, ast.Return) and one.value is not None for one in ast.walk(function.node))
    return "any" if gives else None


def _has_self(function: Function) -> bool:
    return any(one.arg == "self" for one in function.node.args.args)


def _waited(calls: list[Called], words: Words) -> set[int]:
    """Return the calls whose result is waited for: `x.delay().get()`, or by way of a variable."""
    waited: set[int] = set()
    variables: dict[tuple[int, str], int] = {}
    for called in calls:
        if called.method in words.says and called.function is not None:
            for name, maker in called.function.made.items():
                if maker == dotted(called.node.func):
                    variables[id(called.function), name] = id(called.node)
    for called in calls:
        if called.method in words.waits:
            inner = called.receiver
            inner = inner.value if isinstance(inner, ast.Await) else inner
            if isinstance(inner, ast.Call):
                waited.add(id(inner))
            waited.add(variables.get((id(called.function), dotted(inner)), 0))
    return waited


def _said(tree: Tree, words: Words, called: Called, known: _Known) -> None:
    waits = id(called.node) in known.waited
    if called.method in words.says:
        function = tree.lookup.function(_task_name(called), called.module)
        message = known.messages.get(id(function)) if function else None
        if message is not None:
            verb: Verb = "execute" if waits else "send"
            tree.says(
                called,
                message,
                verb,
                waits=waits,
                leaves_at_once=called.method not in {"s", "si", "signature"},
            )
    elif called.method in words.by_name and called.node.args:
        name = tree.lookup.text(called.node.args[0], called.module)
        if name is not None:
            simple = name.rpartition(".")[2]
            ending = next((one for key, one in known.named.items() if key == name or key.endswith(f".{name}")), None)
            message = ending or tree.named_message(name, place=called.place, kind="command", written=simple)
            tree.says(
                called,
                message,
                "execute" if waits else "send",
                waits=waits,
                address=name,
                leaves_at_once=True,
            )


def _task_name(called: Called) -> str:
    """Return the name of the task in `task.delay`, `task.kicker().with_labels().kiq`."""
    receiver = called.receiver
    while isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute):
        receiver = receiver.func.value
    return dotted(receiver)
