"""Every no says which rule it is by, what would help, and, if it ends by itself, when.

What tests of the rules are refused, and what the server answers to tests, is looked at in `rules.tell_refusal` and
`wire.refused`; here it is what the code can say at all.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from folkmoot_governance import Refusal
from folkmoot_governance.refusal import ENDS, TIMED, USUAL, explained
from folkmoot_protocol.errors import ErrorCode
from tests.builders.refusals import REFUSALS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [path for part in ("governance", "server") for path in sorted((ROOT / part).rglob("*.py"))]


def source_of(lines: list[bytes], node: ast.expr | ast.stmt) -> str:
    """Do as `ast.get_source_segment`, which takes the whole text into lines each time."""
    part = lines[node.lineno - 1 : node.end_lineno]
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][node.col_offset :]
    return b"".join(part).decode()


def made_in(path: Path) -> Iterator[tuple[ErrorCode, str, str]]:
    """Yield (code, the call, the function around it) of every refusal that a file makes."""
    text = path.read_bytes()
    if not re.search(rb"\b(refuse|Refusal)\(", text):
        return
    lines, tree = text.splitlines(keepends=True), ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        if not (isinstance(call.func, ast.Name) and call.func.id in ("refuse", "Refusal")):
            continue
        code = call.args[0]
        if isinstance(code, ast.Attribute) and isinstance(code.value, ast.Name) and code.value.id == "ErrorCode":
            around = [one for one in functions if one.lineno <= call.lineno <= (one.end_lineno or 0)]
            source = source_of(lines, call)
            yield ErrorCode[code.attr], source, source_of(lines, around[-1]) if around else source


MADE = [(path.name, *one) for path in SOURCES for one in made_in(path)]


def test_every_code_has_its_usual_rule_and_help() -> None:
    assert USUAL.keys() == set(ErrorCode)
    waits = {code for code, usual in USUAL.items() if not usual.help}
    assert waits - {ErrorCode.INTERNAL} <= TIMED, "what only waiting helps with must say how long"


def test_which_refusals_end_by_themselves() -> None:
    assert sorted(code.value for code in TIMED) == [
        *("account_suspended", "banned", "content_held", "emergency", "function_limited"),
        *(
            "group_muted",
            "group_suspended",
            "media_pending",
            "media_quota",
            "muted",
            "rate_limited",
            "slow_mode",
            "unavailable",
        ),
    ]


def test_refusals_are_found() -> None:
    assert len(MADE) > 150
    assert {code for _, code, _, _ in MADE} >= TIMED - {ErrorCode.EMERGENCY, ErrorCode.FUNCTION_LIMITED}


@pytest.mark.parametrize(("file", "code", "call", "around"), [one for one in MADE if one[1] in TIMED])
def test_what_ends_says_when(file: str, code: ErrorCode, call: str, around: str) -> None:
    """Or what else than waiting helps."""
    assert re.search("|".join(ENDS), around) or re.search(r"help\b", call), f"{file}: {call}"


def test_all_refusals_of_the_rules_are_listed() -> None:
    """With rule and help, which `rules.tell_refusal` compares."""
    made = set()
    for path in sorted((ROOT / "governance").rglob("*.py")):
        calls = [one for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.Call)]
        names = {call.func.id for call in calls if isinstance(call.func, ast.Name)}
        if names & {"refuse", "Refusal"} and path.name != "rules.py":  # which says what is wrong with a file of rules
            made |= {ast.literal_eval(one.args[0]) for one in calls if getattr(one.func, "id", "") == "N_"}
    assert made - REFUSALS.keys() == set()


def test_what_a_refusal_says_itself_counts() -> None:
    assert explained(Refusal(ErrorCode.FORBIDDEN, "")) == {"rule": "permissions", "help": "/rights"}
    own: dict[str, object] = {"rule": "ownership", "help": "/transfer", "user": "ann"}
    assert explained(Refusal(ErrorCode.FORBIDDEN, "", own)) == own
    assert explained(Refusal(ErrorCode.SLOW_MODE, "", {"retry_after_ms": 5})) == {
        "rule": "slow_mode",
        "retry_after_ms": 5,
    }
