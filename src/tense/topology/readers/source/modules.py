"""One Python file as flat lists: its imports, classes, functions and calls, each with what encloses it."""

import ast
from dataclasses import dataclass, field
from pathlib import Path

from tense.rules.meaning.graph import Place, Problem

_MOST_BYTES = 3_000_000

_LEAVES = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.arguments, ast.alias, ast.Pass})

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(eq=False, slots=True)
class Class:
    """A class as it is written. `name` is its qualified name in the module (`Outer.Inner`)."""

    module: "Module"
    name: str
    node: ast.ClassDef

    @property
    def simple(self) -> str:
        """Return the last part of the name."""
        return self.node.name

    @property
    def dotted(self) -> str:
        """Return the module's name and the class's."""
        return f"{self.module.name}.{self.name}"

    @property
    def place(self) -> Place:
        """Return where the class is written."""
        return self.module.place(self.node)


@dataclass(eq=False, slots=True)
class Function:
    """A function as it is written, with the local variables that hold a new object of a named class."""

    module: "Module"
    name: str
    node: FunctionNode
    owner: Class | None
    made: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Return where the function is written."""
        return self.module.place(self.node)

    @property
    def parameters(self) -> list[ast.arg]:
        """Return the parameters without `self` and `cls`."""
        arguments = self.node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        return [one for one in every if one.arg not in {"self", "cls"}]


@dataclass(eq=False, slots=True)
class Called:
    """A call: what is called as it is written, the last part of it, and the function it happens in."""

    module: "Module"
    node: ast.Call
    function: Function | None
    awaited: bool = False

    @property
    def method(self) -> str:
        """Return the last part of what is called."""
        called = self.node.func
        return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""

    @property
    def receiver(self) -> ast.expr | None:
        """Return what stands before the last dot, if anything does."""
        return self.node.func.value if isinstance(self.node.func, ast.Attribute) else None

    @property
    def place(self) -> Place:
        """Return where the call is written."""
        return self.module.place(self.node)


@dataclass(eq=False, slots=True)
class Module:
    """One file. `imports` tells for each name in it where it comes from; `values` what a name is set to."""

    path: Path
    file: str
    name: str
    is_package: bool = False
    imports: dict[str, str] = field(default_factory=dict)
    classes: list[Class] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)
    values: dict[str, ast.expr] = field(default_factory=dict)
    raised: list[tuple[Function, str]] = field(default_factory=list)

    def place(self, node: ast.AST) -> Place:
        """Return the place of a node."""
        return Place(file=self.file, line=getattr(node, "lineno", 1))

    def resolved(self, written: str) -> str:
        """Return a dotted name with its first part replaced by what was imported under it."""
        first, dot, rest = written.partition(".")
        return f"{self.imports.get(first, first)}{dot}{rest}"

    def knows(self, written: str) -> bool:
        """Tell whether the first part of a name is imported here, so that it may mean something elsewhere."""
        return written.partition(".")[0] in self.imports or "*" in self.imports

    def uses(self, *packages: str) -> bool:
        """Tell whether the file imports from one of the packages."""
        return any(dotted.partition(".")[0] in packages for dotted in self.imports.values())


def dotted(node: ast.expr | None) -> str:
    """Return a name or a chain of attributes as it is written; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def text_of(node: ast.expr | None) -> str | None:
    """Return the value of a literal text."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value of a keyword argument."""
    return next((one.value for one in call.keywords if one.arg == name), None)


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """Return an argument by its position, or by one of its names."""
    if len(call.args) > position:
        return call.args[position]
    return next((value for value in (keyword(call, name) for name in names) if value is not None), None)


def parsed(path: Path, *, folder: Path) -> Module | Problem:
    """Parse one file; a file that is no Python gives a problem, which is not fatal for its tree."""
    file = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            return Problem(text="is too large to be source written by hand: left out", place=Place(file=file))
        tree = ast.parse(path.read_bytes(), filename=file)
    except SyntaxError as error:
        text = f"is not Python that can be parsed: {error.msg}"
        return Problem(text=text, place=Place(file=file, line=error.lineno))
    except (ValueError, RecursionError, MemoryError) as error:
        text = f"is not Python that can be parsed: {str(error)[:80] or 'nested too deep'}"
        return Problem(text=text, place=Place(file=file))
    except OSError as error:
        return Problem(text=f"cannot be read: {error.strerror or error}", place=Place(file=file))
    parts = list(path.relative_to(folder).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package and len(parts) > 1 else parts)
    module = Module(path=path, file=file, name=name, is_package=is_package)
    _walk(module, tree)
    return module


_NOTED = frozenset(
    {ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Call, ast.Import, ast.ImportFrom, ast.Raise}
    | {ast.Assign, ast.AnnAssign, ast.NamedExpr}
)


@dataclass(slots=True)
class _Scope:
    function: Function | None = None
    owner: Class | None = None
    prefix: str = ""


def _walk(module: Module, tree: ast.Module) -> None:
    """Fill a module's lists, with a stack instead of recursion: source may be nested as deep as it likes."""
    stack: list[tuple[ast.AST, _Scope, bool]] = [(tree, _Scope(), False)]
    while stack:
        node, scope, awaited = stack.pop()
        scope = _noted(module, node, scope, awaited=awaited)
        is_await = type(node) is ast.Await
        children = _children(node)
        children.reverse()
        stack += [(child, scope, is_await) for child in children]


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the children that may hold something to note; names and constants hold nothing."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [one for one in value if isinstance(one, ast.AST) and type(one) not in _LEAVES]
        elif isinstance(value, ast.AST) and type(value) not in _LEAVES:
            found.append(value)
    return found


def _noted(module: Module, node: ast.AST, scope: _Scope, *, awaited: bool) -> _Scope:
    """Note one node; return the scope of its children."""
    if type(node) not in _NOTED:
        return scope
    match node:
        case ast.ClassDef():
            found = Class(module, f"{scope.prefix}{node.name}", node)
            module.classes.append(found)
            return _Scope(scope.function, found, f"{found.name}.")
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            function = Function(module, f"{scope.prefix}{node.name}", node, scope.owner)
            module.functions.append(function)
            return _Scope(function, scope.owner, f"{function.name}.")
        case ast.Call():
            module.calls.append(Called(module, node, scope.function, awaited))
        case ast.Import() | ast.ImportFrom():
            _import(module, node)
        case ast.Assign() | ast.AnnAssign() | ast.NamedExpr():
            _assigned(module, node, scope)
        case ast.Raise():
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if scope.function is not None and dotted(raised):
                module.raised.append((scope.function, dotted(raised)))
    return scope


def _import(module: Module, node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import):
        for one in node.names:
            module.imports[one.asname or one.name.partition(".")[0]] = (
                one.name if one.asname else one.name.partition(".")[0]
            )
        return
    source = node.module or ""
    if node.level:
        package = module.name.split(".")
        up = node.level - 1 if module.is_package else node.level
        base = package[: len(package) - up] if up else package
        source = ".".join([*base, *([source] if source else [])])
    for one in node.names:
        module.imports[one.asname or one.name] = f"{source}.{one.name}" if source else one.name


def _assigned(module: Module, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, scope: _Scope) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    value = node.value.value if isinstance(node.value, ast.Await) else node.value
    if value is None:
        return
    for target in targets:
        name = dotted(target)
        if scope.function is None and name:
            module.values[f"{scope.prefix}{name}"] = value
        elif scope.function is not None and isinstance(value, ast.Call) and name:
            scope.function.made[name] = dotted(value.func)
            if name.startswith("self."):
                module.values.setdefault(name, value)
