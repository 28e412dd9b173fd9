"""Shorter names in a script, for names that nobody but the script sees.

A name is changed in the whole file at once, to one that the file has nowhere: so what was one thing stays one, in
whatever scope, without knowing the scopes. What stands for more than a variable keeps its name everywhere: what is
imported and exported, what is the name of a property as well (`{ name }`), what a browser may have under that name.
"""

import itertools
import string
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pygments.token import Comment, Name, String, Text, _TokenType

PAIRS = {"(": ")", "[": "]", "{": "}", "${": "}"}
KEYWORDS = frozenset({"as", "do", "if", "in", "of"})
GLOBALS = frozenset({"TEMPORARY", "close", "event", "fence", "name", "open"})
"""Names of the page that a browser has as well, for something else."""


class Token(NamedTuple):
    """A piece of a script, as Pygments reads it."""

    kind: _TokenType
    text: str


class Place(NamedTuple):
    """A token with what stands around it: `inside` is the bracket it is in, `end` where the one it opens is closed."""

    at: int
    text: str
    inside: str
    end: int


def shorten(tokens: Sequence[Token]) -> list[Token]:
    """Return a script with shorter names, or as it is where it cannot be read for sure."""
    found = list(tokens)
    used = {token.text for token in tokens}
    names = (name for name in short_names() if name not in used)
    try:
        places = variables(tokens)
    except ValueError:
        return found
    for name in sorted(places, key=lambda name: (-len(places[name]), name)):
        short = next(names)
        if len(short) < len(name):
            for at in places[name]:
                found[at] = Token(Name, short)
    return found


def short_names() -> Iterator[str]:
    """Yield names, the shortest first."""
    pairs = map("".join, itertools.product(string.ascii_letters, repeat=2))
    return (name for name in itertools.chain(string.ascii_letters, pairs) if name not in KEYWORDS)


def variables(tokens: Sequence[Token]) -> dict[str, list[int]]:
    """Return where the names stand that are variables of the script and nothing else. Raises ValueError where it is
    misread."""
    code = read_brackets(tokens)
    found = defaultdict[str, list[int]](list)
    declared, kept = set[str](), set(GLOBALS)
    for index, place in enumerate(code):
        around = range(index - 3, index + 2)
        first, before, last, text, after = [code[i].text if 0 <= i < len(code) else "" for i in around]
        if text == "=>":
            declared |= parameters(code, index)
        if tokens[place.at].kind not in Name or is_property(code, index):
            continue
        found[text].append(place.at)
        if last in ("const", "let", "function") or (before == "catch" and last == "("):
            declared.add(text)
        is_both = place.inside == "{" and last in ("{", ",") and after in ("}", ",", "=")
        if is_both or last == "class" or "export" in (first, before):
            kept.add(text)
    return {name: places for name, places in found.items() if name in declared - kept}


def read_brackets(tokens: Sequence[Token]) -> list[Place]:
    """Return the tokens that are no space and no comment, each with its brackets; strings are all the same. Raises
    ValueError where brackets are in no order, or a pattern stands behind an arrow: Pygments misreads that, and braces
    within the value of a template."""
    code: list[Place] = []
    opened: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind in Text or token.kind in Comment or not token.text:
            continue
        is_string = token.kind in String and token.kind not in String.Interpol
        text = '""' if is_string else token.text
        if text == "/" and code and code[-1].text == "=>":
            raise ValueError(text)
        if text in PAIRS.values():
            if not opened:
                raise ValueError(text)
            index = opened.pop()
            if PAIRS[code[index].text] != text:
                raise ValueError(text)
            code[index] = code[index]._replace(end=len(code))
        code.append(Place(at, text, code[opened[-1]].text if opened else "", 0))
        if text in PAIRS:
            opened.append(len(code) - 1)
    if opened:
        raise ValueError(code[opened[-1]].text)
    return code


def is_property(code: Sequence[Place], index: int) -> bool:
    """Say whether a name is that of a property or a method, which is none of a variable."""
    last = code[index - 1].text if index else ""
    after = code[index + 1] if index + 1 < len(code) else code[index]
    if last in (".", "?."):
        return True
    if code[index].inside == "{" and last in ("{", ",") and after.text == ":":
        return True
    # `name(…) {` declares a method, where no `function` is before it.
    is_call = after.text == "(" and last != "function" and 0 < after.end < len(code) - 1
    return is_call and code[after.end + 1].text == "{"


def parameters(code: Sequence[Place], arrow: int) -> set[str]:
    """Return the names that stand before an arrow by themselves."""
    last = code[arrow - 1]
    if last.text != ")":
        return {last.text}
    start = next(i for i in range(arrow - 2, -1, -1) if code[i].end == arrow - 1)
    inside = range(start + 1, arrow - 1)
    return {code[i].text for i in inside if code[i].inside == "(" and code[i - 1].text in ("(", ",")}
