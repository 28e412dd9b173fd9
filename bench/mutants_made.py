"""Making a change, in a process that is forked for it: in what is loaded already, or as it is imported."""

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mutations import Change

ROOT = Path(__file__).parent.parent
Assigned = ast.Assign | ast.AnnAssign


class Sources:
    """The parsed files of a group, and what in them rests on what."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.trees = {path: ast.parse((ROOT / path).read_text("utf-8")) for path in files}
        self._inside = {
            one.name: _loaded(one)
            for tree in self.trees.values()
            for one in tree.body
            if isinstance(one, ast.FunctionDef | ast.ClassDef)
        }
        self._tables = [
            (path, statement, self._rests_on(statement))
            for path, tree in self.trees.items()
            for statement in tree.body
            if isinstance(statement, Assigned)
        ]
        self._classes = {
            one.name: set().union(*(_loaded(field) for field in one.body if isinstance(field, Assigned)))
            for tree in self.trees.values()
            for one in tree.body
            if isinstance(one, ast.ClassDef)
        }
        self._uses: dict[str, set[tuple[str, int]]] = defaultdict(set)
        for path, tree in self.trees.items():
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    for node in ast.walk(function):
                        name = getattr(node, "id", getattr(node, "attr", None))
                        if isinstance(name, str):
                            self._uses[name].add((str(path), getattr(node, "lineno", 0)))

    def _rests_on(self, statement: ast.stmt) -> set[str]:
        """Return the names that a statement loads, itself or in what it calls."""
        found = _loaded(statement)
        more = {getattr(one.func, "id", "") for one in ast.walk(statement) if isinstance(one, ast.Call)}
        while more := {name for name in more if name in self._inside and not self._inside[name] <= found}:
            found |= set().union(*(self._inside[name] for name in more))
            more = found & self._inside.keys()
        return found

    def names(self, change: Change) -> list[str]:
        """Return the names of what a change at import alters: of a class, of tables."""
        names = [change.scope.split(".")[0]] if change.scope else []
        names += [name for _, statement in self.altered(change) for name in assigned(statement)]
        return names + [name for name, loads in self._classes.items() if not loads.isdisjoint(names)]

    def can_be_replaced(self, change: Change) -> bool:
        """Say whether a change at import is to what a module's own names stand for, and no class is made of it."""
        altered = self.altered(change)
        names = [name for _, statement in altered for name in assigned(statement)]
        return isinstance(altered[0][1], Assigned) and all(one.isdisjoint(names) for one in self._classes.values())

    def uses(self, change: Change) -> set[tuple[str, int]]:
        """Return the files and lines in functions where what a change at import alters is used."""
        return set().union(*(self._uses[name] for name in self.names(change)))

    def altered(self, change: Change) -> list[tuple[Path, ast.stmt]]:
        """Return the statements at the top of modules that a change alters: the one changed, and what rests on it."""
        tree = self.trees[change.path]
        first = next(one for one in tree.body if any(node in (change.parent, change.old) for node in ast.walk(one)))
        found, names = [(change.path, first)], set(assigned(first))
        if isinstance(first, ast.FunctionDef):
            names.add(first.name)
        while more := [
            (path, statement)
            for path, statement, loads in self._tables
            if loads & names and all(statement is not known for _, known in found)
        ]:
            found += more
            names.update(name for _, statement in more for name in assigned(statement))
        return found


def _loaded(statement: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def assigned(statement: ast.stmt) -> list[str]:
    """Return the names that a statement gives values to."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)]


def make(change: Change, sources: Sources) -> None:
    """Make a change in what is loaded: to a function, or to a table."""
    if change.function is not None:
        give_new_code(change)
    else:
        give_new_values(change, sources)


def give_new_code(change: Change) -> None:
    """Put the code of the changed function into the one that is loaded."""
    assert change.function is not None
    change.apply()
    lines = {change.function.lineno, *(one.lineno for one in change.function.decorator_list)}
    around = next(one for one in change.tree.body if change.function in ast.walk(one))
    for code in _codes(compile(ast.Module([around], []), str(ROOT / change.path), "exec")):
        if code.co_name == change.function.name and code.co_firstlineno in lines:
            for one in FUNCTIONS[key_of_code(code)]:
                one.__code__ = code
            return
    raise AssertionError(f"{change.scope} is not in the changed code")


def give_new_values(change: Change, sources: Sources) -> None:
    """Carry out the changed statement, and what rests on it, in the modules that are loaded."""
    altered = sources.altered(change)
    change.apply()
    for path, statement in altered:
        file = str(ROOT / path)
        module = next((one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == file), None)
        if module is None:
            continue
        names = assigned(statement)
        before = {name: vars(module)[name] for name in names}
        exec(compile(ast.Module([statement], []), file, "exec"), vars(module))
        for name in names:
            _replace(name, before[name], vars(module)[name], module)


def _replace(name: str, old: Any, new: Any, module: ModuleType) -> None:
    """Put a new value where the old one is: into it, if that is possible, else under the same name in every module."""
    if type(old) is type(new) and isinstance(old, dict | set):
        setattr(module, name, old)
        content = new.copy()
        old.clear()
        old.update(content)
        return
    for one in list(sys.modules.values()):
        if getattr(one, "__dict__", {}).get(name) is old:
            setattr(one, name, new)


FUNCTIONS: dict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
"""All functions that are loaded, by where they are written."""


def key_of_code(code: CodeType) -> tuple[str, str, int]:
    """Return where a function is written."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


class ChangedModule(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports one file as it was changed."""

    def __init__(self, change: Change) -> None:
        self._change, self.path = change, str(ROOT / change.path)
        parts = list(change.path.with_suffix("").parts[1:])
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        places = [str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(name, self.path, loader=self, submodule_search_locations=places)

    def get_code(self, name: str) -> CodeType:
        self._change.apply()
        return compile(self._change.tree, self.path, "exec")
