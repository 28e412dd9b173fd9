"""Tests by their names, for tables that say which test shows what."""

import ast
from functools import cache
from pathlib import Path


@cache
def names_in(file: Path) -> frozenset[str]:
    """Return the names of the functions of a file of tests."""
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))
