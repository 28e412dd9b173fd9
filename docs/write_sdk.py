"""Writes docs/sdk.md: every name of the SDK with what it takes, gives and raises, from its docstrings."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, fill
from typing import get_args

import folkmoot_client.sdk as sdk

PAGE = Path(__file__).with_name("sdk.md")
WIDTH = 120
HEAD = """# The SDK, name by name

<!-- generated from the docstrings in folkmoot_client.sdk, do not edit: make docs -->

All of these are in `folkmoot_client.sdk`. How they are used: [client.md](client.md). `fm` is `folkmoot_protocol`, whose
types are told in [protocol.md](protocol.md).
"""
FIRST = ("Client", "Bot", "Message", "Acts")
"""What one begins with; the others follow as they stand in `__all__`."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def read(thing: object) -> Definition:
    """Return the definition of a class or a function as it stands in the source."""
    assert callable(thing)
    (definition,) = ast.parse(dedent(inspect.getsource(thing))).body
    assert isinstance(definition, Definition)
    return definition


def signature(name: str, definition: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return how a function is called, an argument a line where they do not fit into one."""
    arguments = definition.args
    for group in (arguments.posonlyargs, arguments.args):
        if group and group[0].arg in ("self", "cls"):
            del group[0]
    is_awaited = isinstance(definition, ast.AsyncFunctionDef) and not gives_many(definition)
    start, parts = f"{'await ' if is_awaited else ''}{name}(", [part.replace("'", '"') for part in split(arguments)]
    end = f") -> {ast.unparse(definition.returns)}" if definition.returns else ")"
    line = f"{start}{', '.join(parts)}{end}"
    return line if len(line) <= WIDTH - 10 else "\n".join([start, *(f"    {part}," for part in parts), end])


def split(arguments: ast.arguments) -> Iterator[str]:
    """Give each argument as it is written, and the star before those that are named."""
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(plain, defaults, strict=True):
        yield written(argument, default)
    if arguments.kwonlyargs:
        yield "*"
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield written(argument, default)
    if arguments.kwarg:
        yield f"**{ast.unparse(arguments.kwarg)}"


def written(argument: ast.arg, default: ast.expr | None) -> str:
    """Return an argument with its type and default."""
    return ast.unparse(argument) + (f" = {ast.unparse(default)}" if default is not None else "")


def gives_many(definition: ast.AsyncFunctionDef) -> bool:
    """Say whether it is gone through with `async for`."""
    return any(isinstance(node, ast.Yield) for node in ast.walk(definition))


def words_of(definition: Definition) -> str:
    """Return a docstring with its paragraphs filled; code stays as it stands."""
    text = ast.get_docstring(definition) or ""
    return "\n\n".join(part if part.startswith("    ") else fill(part, WIDTH) for part in text.split("\n\n"))


def members_of(kind: type) -> Iterator[tuple[str, object]]:
    """Give the public methods and properties of a class and its bases, in the order of the source."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith(sdk.__name__)]
    seen: set[str] = set()
    for base in ours:
        for name, member in vars(base).items():
            if name[0] != "_" and name not in seen and isinstance(member, _FUNCTIONS):
                seen.add(name)
                yield name, member


_FUNCTIONS = (type(read), property, classmethod, staticmethod)


def chapter(name: str) -> Iterator[str]:
    """Give the parts of what the page says of a name."""
    thing = getattr(sdk, name)
    yield f"## {name}"
    if isinstance(thing, type):
        definition = read(thing)
        assert isinstance(definition, ast.ClassDef)
        yield words_of(definition)
        yield from (f"```python\n{head}\n```" for head in heads_of(thing, definition))
        yield from (about(*member) for member in members_of(thing))
    elif inspect.isfunction(thing):
        yield describe(name, thing)
    else:
        kinds = [kind.__name__ for kind in get_args(thing)]
        yield fill("One of " + ", ".join(f"`{kind}`" for kind in kinds) + "." if kinds else f"`{thing!r}`", WIDTH)


def heads_of(kind: type, definition: ast.ClassDef) -> Iterator[str]:
    """Give how one of a class is made, and what it has; of an error, what it is one of."""
    fields = [ast.unparse(node) for node in definition.body if isinstance(node, ast.AnnAssign)]
    if issubclass(kind, Exception):
        yield f"class {kind.__name__}({ast.unparse(definition.bases[0])})"
    elif fields:
        yield "\n".join(field.replace("'", '"') for field in fields)
    for made in (node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"):
        made.returns = None
        yield signature(kind.__name__, made)


def describe(name: str, function: object) -> str:
    """Return how a function is called, and what it does."""
    definition = read(function)
    assert not isinstance(definition, ast.ClassDef)
    return f"```python\n{signature(name, definition)}\n```\n\n{words_of(definition)}"


def about(name: str, member: object) -> str:
    """Return what the page says of a method or a property."""
    if not isinstance(member, property):
        return f"### {name}\n\n{describe(name, getattr(member, '__func__', member))}"
    definition = read(member.fget)
    assert not isinstance(definition, ast.ClassDef) and definition.returns
    return f"### {name}\n\n```python\n{name}: {ast.unparse(definition.returns)}\n```\n\n{words_of(definition)}"


def page() -> str:
    """Return the page."""
    names = [*FIRST, *(name for name in sdk.__all__ if name not in FIRST)]
    return "\n\n".join([HEAD.rstrip("\n"), *(part for name in names for part in chapter(name))]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
