"""Finds functions, literals and objects of a tree by the names they are used under."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tense.topology.readers.source.modules import Class, Function, Module, dotted, text_of


class Lookup:
    """What names mean across the modules of one tree."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Index functions and values by every ending of their dotted names."""
        self.modules = tuple(modules)
        self._functions: defaultdict[str, list[Function]] = defaultdict(list)
        self._values: defaultdict[str, list[tuple[Module, ast.expr]]] = defaultdict(list)
        self.simple: defaultdict[str, list[Function]] = defaultdict(list)
        for module in self.modules:
            for function in module.functions:
                self.simple[function.node.name].append(function)
                for ending in _endings(f"{module.name}.{function.name}"):
                    self._functions[ending].append(function)
            for name, value in module.values.items():
                for ending in _endings(f"{module.name}.{name}"):
                    self._values[ending].append((module, value))

    def function(self, written: str, module: Module) -> Function | None:
        """Return the function that a name means in a module."""
        if not written:
            return None
        own = [one for one in self._functions.get(f"{module.name}.{written}", ()) if one.module is module]
        if own or not module.knows(written):
            return own[0] if own else None
        found = self._functions.get(module.resolved(written), [])
        if not found:
            package, _, simple = module.resolved(written).rpartition(".")
            candidates = self._functions.get(simple, ())
            found = [one for one in candidates if package and f".{package}." in f".{one.module.name}."]
        return found[0] if found else None

    def value(self, written: str, module: Module) -> tuple[Module, ast.expr] | None:
        """Return what a name is set to, and where."""
        if not written:
            return None
        if written in module.values:
            return module, module.values[written]
        if not module.knows(written):
            return None
        found = self._values.get(module.resolved(written), ())
        return found[0] if found else None

    def text(self, node: ast.expr | None, module: Module, depth: int = 0) -> str | None:
        """Return a literal text, or the one that a constant or a member of an enumeration stands for."""
        literal = text_of(node)
        if literal is not None or node is None or depth > 3:  # noqa: PLR2004  # constants of constants
            return literal
        if isinstance(node, ast.Call):
            return self.text(node.args[0], module, depth + 1) if node.args else None
        found = self.value(dotted(node).removesuffix(".value"), module)
        return self.text(found[1], found[0], depth + 1) if found else None

    def made_by(self, written: str, module: Module, makers: frozenset[str]) -> ast.Call | None:
        """Return the call that made an object, if its maker has one of the names."""
        for name in (
            written,
            f"self.{written.rpartition('.')[2]}" if written.startswith("self.") else written,
        ):
            found = self.value(name, module)
            if found is None or not isinstance(found[1], ast.Call):
                continue
            if dotted(found[1].func).rpartition(".")[2] in makers:
                return found[1]
        return None


def decorators(function: Function | Class) -> Iterator[tuple[str, ast.Call | None]]:
    """Give each decorator's name as it is written, and its call where it has arguments."""
    for node in function.node.decorator_list:
        call = node if isinstance(node, ast.Call) else None
        yield dotted(call.func if call else node), call


def _endings(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[start:]) for start in range(len(parts)))
