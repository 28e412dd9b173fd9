"""Small changes to a module, one at a time, each of which a good test should notice. The operators are the usual ones.

Left alone: texts for people (`N_`), docstrings, annotations, imports, log lines, assertions, and the contents of
other strings.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
UNTOUCHED_CALLS = frozenset({"N_", "cast", "TypeVar", "ParamSpec", "isinstance"})
LOGS = frozenset({"log"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Change:
    """One change to a parsed module: in `parent`, the child at `name` (and `index`) becomes `new`.

    `function` is the outermost function around it, None where the change is carried out as the module is imported.
    """

    path: Path
    tree: ast.Module = field(repr=False)
    parent: ast.AST = field(repr=False)
    name: str
    index: int | None
    new: ast.AST | None
    line: int
    scope: str
    function: Function | None = field(repr=False)
    text: str = ""
    nth: int = 0
    """Which of several that are called the same."""

    @property
    def old(self) -> ast.AST:
        """What stands there."""
        child = getattr(self.parent, self.name)
        return child if self.index is None else child[self.index]

    def apply(self) -> None:
        """Make the change in the tree, for good."""
        if self.new is not None:
            ast.fix_missing_locations(ast.copy_location(self.new, self.old))
        if self.index is None:
            setattr(self.parent, self.name, self.new)
        elif self.new is None:
            del getattr(self.parent, self.name)[self.index]
            if isinstance(self.parent, ast.Dict):
                del self.parent.keys[self.index]
        else:
            getattr(self.parent, self.name)[self.index] = self.new


def changes_of(path: Path, tree: ast.Module) -> list[Change]:
    """Return all changes to a module, parsed from `path`."""
    finder = _Finder(path, tree)
    finder.walk(tree, "", None)
    seen: Counter[tuple[str, str]] = Counter()
    for change in finder.found:
        change.nth = seen[change.scope, change.text]
        seen[change.scope, change.text] += 1
    return finder.found


class _Finder:
    def __init__(self, path: Path, tree: ast.Module) -> None:
        self.path, self.tree = path, tree
        self.found: list[Change] = []
        self._line = 0

    def walk(self, node: ast.AST, scope: str, function: Function | None) -> None:
        """Find the changes below `node`."""
        for name, index, child in _children(node):
            if _is_untouched(node, name, child):
                continue
            inner, at = scope, function
            if isinstance(node, Function | ast.ClassDef) and name == "body":
                inner = f"{scope}.{node.name}" if scope else node.name
                if isinstance(node, Function):
                    at = function or node
            if isinstance(child, ast.stmt):
                self._line = child.lineno
            line = getattr(child, "lineno", self._line)
            for new in _replacements(node, name, child):
                change = Change(self.path, self.tree, node, name, index, new, line, inner, at)
                change.text = _describe(node, child, new)
                self.found.append(change)
            self.walk(child, inner, at)


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from ((name, index, child) for index, child in enumerate(value) if isinstance(child, ast.AST))
        elif isinstance(value, ast.AST):
            yield name, None, value


def _is_untouched(parent: ast.AST, name: str, child: ast.AST) -> bool:
    if name in ("annotation", "returns", "decorator_list", "bases", "ctx", "targets", "type"):
        return True
    if isinstance(parent, ast.ClassDef) and name == "keywords":
        return True
    if isinstance(child, ast.Expr):
        return isinstance(child.value, ast.Constant) or _called(child.value)[0] in LOGS
    if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
        return child.targets[0].id in ("__slots__", "__all__") or _is_type(child.value)
    if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
        return True
    if isinstance(child, ast.Call):
        return _called(child)[-1] in UNTOUCHED_CALLS
    return isinstance(child, ast.Import | ast.ImportFrom | ast.Assert | ast.Global | ast.Nonlocal)


def _is_type(node: ast.AST) -> bool:
    """Say whether an expression is a type, written as code: a name, a union, a generic."""
    match node:
        case ast.BinOp(op=ast.BitOr()):
            return _is_type(node.left) and _is_type(node.right)
        case ast.Subscript():
            return _is_type(node.value)
        case ast.Constant(value=None):
            return True
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return not name.isupper() and (name[0].isupper() or name in ("dict", "list", "tuple", "type", "int", "str"))
    return False


def _called(node: ast.AST) -> tuple[str, ...]:
    """Return the dotted name of what is called, in parts."""
    node = node.value if isinstance(node, ast.Await) else node
    node = node.func if isinstance(node, ast.Call) else node
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (*([node.id] if isinstance(node, ast.Name) else [""]), *reversed(parts))


def _replacements(parent: ast.AST, name: str, node: ast.AST) -> Iterator[ast.AST | None]:
    """Yield what may stand in the place of `node`; None takes it out of its list."""
    match node:
        case ast.Compare(ops=[op]):
            yield from (ast.Compare(node.left, [other()], node.comparators) for other in COMPARISONS[type(op)])
        case ast.BoolOp(op=op, values=values):
            for index in range(len(values)):
                rest = values[:index] + values[index + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.BinOp(op=op) if type(op) in ARITHMETIC and not _is_text(node):
            yield ast.BinOp(node.left, ARITHMETIC[type(op)](), node.right)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Call(func=ast.Name(id=called)) if called in CALLS:
            yield ast.Call(ast.Name(CALLS[called], ast.Load()), node.args, node.keywords)
        case ast.comprehension(ifs=[_, *_]):
            yield ast.comprehension(node.target, node.iter, [], node.is_async)
    yield from _negations(parent, name, node)
    yield from _removals(parent, name, node)
    if isinstance(node, ast.stmt):
        yield from _statements(node)


def _is_text(node: ast.BinOp) -> bool:
    """Say whether an operation joins or fills texts."""
    sides = (node.left, node.right)
    return any(isinstance(one, ast.JoinedStr) or isinstance(getattr(one, "value", None), str | bytes) for one in sides)


def _negations(parent: ast.AST, name: str, node: ast.AST) -> Iterator[ast.AST]:
    """Turn conditions round that are no comparisons."""
    is_condition = isinstance(parent, ast.If | ast.IfExp | ast.While) and name == "test"
    if is_condition and not isinstance(node, ast.Compare | ast.UnaryOp | ast.BoolOp | ast.Constant):
        yield ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type]  # an expression


def _removals(parent: ast.AST, name: str, node: ast.AST) -> Iterator[None]:
    """Take members out of displays, and arguments that have names out of calls."""
    if isinstance(parent, ast.Set | ast.List | ast.Tuple) and name == "elts":
        if isinstance(getattr(parent, "ctx", None), ast.Store):
            return
        yield None
    elif (isinstance(parent, ast.Dict) and name == "values") or isinstance(node, ast.keyword):
        yield None


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    """Leave a statement out, or what it gives back."""
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Delete() | ast.Raise():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant) or value.value is not None:
            yield ast.Return(ast.Constant(None))
        case ast.Break() | ast.Continue():
            yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
        case ast.For():
            yield ast.For(node.target, ast.Tuple([], ast.Load()), node.body, node.orelse)


def _describe(parent: ast.AST, old: ast.AST, new: ast.AST | None) -> str:
    before = _show(old)
    if new is None:
        if isinstance(parent, ast.Dict):
            key = parent.keys[[id(one) for one in parent.values].index(id(old))]
            before = f"{_show(key)}: {before}" if key is not None else f"**{before}"
        return f"without {before}"
    if isinstance(new, ast.Pass):
        return f"without {before}"
    return f"{before} → {_show(new)}"


def _show(node: ast.AST) -> str:
    """Return the code of `node` on one line, of a compound statement its head alone."""
    if isinstance(node, ast.comprehension):
        return ast.unparse(ast.GeneratorExp(ast.Name("…", ast.Load()), [node])).strip("()")
    if isinstance(node, ast.For):
        node = deepcopy(node)
        node.body = [ast.Pass()]
        return ast.unparse(ast.fix_missing_locations(node)).split("\n")[0]
    text = " ".join(ast.unparse(ast.fix_missing_locations(deepcopy(node))).split())
    return text if len(text) <= 100 else f"{text[:97]}…"
