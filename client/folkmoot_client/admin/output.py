"""How results and errors are printed: a table, or JSON, JSON Lines or CSV that is valid whatever happened.

Data goes to stdout, words to stderr. Times (`…_ts`, `…until_ms`) are printed as UTC ISO 8601 under their name without
the suffix; no time is null.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import folkmoot_protocol as fm
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_protocol.admin.row import Verb
from folkmoot_protocol.exported import as_cell

from ..terminal import _, new_console, say

Row = dict[str, Any]


class Format(StrEnum):
    """What `-o` chooses."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Picked:
    """What of a list is printed: rows of which a column has what is `wanted`, in the order of a column, these columns.

    All of it where none is named. A column that is sorted by and begins with `-` has what is greatest first.
    """

    columns: Sequence[str] = ()
    order: str = ""
    wanted: Sequence[tuple[str, str]] = ()

    @property
    def is_of_all(self) -> bool:
        """Whether all pages are needed for it."""
        return bool(self.order or self.wanted)


ALL = Picked()


def pick(picked: Picked, rows: Sequence[Row]) -> list[Row]:
    """Return what of the rows is printed. Raises ValueError with the name of a column that none has."""
    known = {name for row in rows for name in row}
    named = [*picked.columns, *([picked.order.removeprefix("-")] if picked.order else []), *dict(picked.wanted)]
    if rows and (unknown := [name for name in named if name not in known]):
        raise ValueError(unknown[0])
    found = [row for row in rows if all(_has(row.get(name), text) for name, text in picked.wanted)]
    if picked.order:
        found.sort(key=lambda row: _rank(row.get(picked.order.removeprefix("-"))), reverse=picked.order[0] == "-")
    return [{name: row.get(name) for name in picked.columns} for row in found] if picked.columns else found


def _has(value: object, text: str) -> bool:
    """Say whether a value is what was typed, or, of a list, has that."""
    if isinstance(value, list):
        return any(_has(one, text) for one in value)
    shown = json.dumps(value) if isinstance(value, bool) else "" if value is None else str(value)
    return shown.casefold() == text.casefold()


def _rank(value: object) -> tuple[int, float, str]:
    """Return what a value is sorted by: nothing first, then numbers, then texts."""
    if value is None:
        return 0, 0, ""
    return (1, value, "") if isinstance(value, int | float) else (2, 0, str(value).casefold())


def show_time(ms: int) -> str | None:
    """Return a Unix time in ms as UTC ISO 8601, None for 0."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else None


def readable(item: Mapping[str, Any]) -> Row:
    """Return an item with its times as text."""
    row: Row = {}
    for name, value in item.items():
        for suffix in ("_ts", "_ms"):
            if name.endswith(("_ts", "until_ms")) and name.endswith(suffix) and isinstance(value, int):
                row[name.removesuffix(suffix)] = show_time(value)
                break
        else:
            row[name] = value
    return row


def print_result(format: Format, verb: Verb[Any], result: fm.AdminResult, picked: Picked = ALL) -> None:
    """Print the result of a row; what shows one thing shows its fields below each other on a terminal."""
    rows = pick(picked, [readable(item) for item in result.items])
    match format:
        case Format.JSON:
            _print_json({"items": rows, "cursor": result.cursor, "changed": result.changed})
        case Format.JSONL:
            for row in rows:
                _print_json(row)
        case Format.CSV:
            print_csv(picked.columns or columns_of(verb, rows), rows)
        case Format.TABLE:
            print_table(picked.columns or columns_of(verb, rows), rows, single=not verb.columns)
    if result.text:
        say(result.text)
    if result.cursor and format is not Format.JSON:
        say(_("There are more: --cursor {cursor}").format(cursor=result.cursor))


def print_error(format: Format, code: str, message: str, detail: Mapping[str, Any] | None = None) -> None:
    """Print what went wrong: as data where a program reads, as words in any case."""
    print_error_data(format, code, message, detail)
    say(message)


def print_error_data(format: Format, code: str, message: str, detail: Mapping[str, Any] | None = None) -> None:
    """Print what went wrong where a program reads."""
    error = {"code": code, "message": message, "detail": dict(detail or {})}
    match format:
        case Format.JSON | Format.JSONL:
            _print_json({"error": error})
        case Format.CSV:
            print_csv(("error", "message"), [{"error": code, "message": message}])
        case Format.TABLE:
            pass


def columns_of(verb: Verb[Any], rows: Sequence[Row]) -> Sequence[str]:
    """Return the columns to print: those of the row, else all that items have, else those of the noun's list."""
    if verb.columns:
        return verb.columns
    # Of all of them: what the first does not have is not to be lost.
    found = list(dict.fromkeys(name for row in rows for name in row))
    return found or next((one.columns for one in verb.noun.verbs if one.columns), ())


def print_csv(columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print rows as CSV (RFC 4180) with a header. A text that a program for tables would carry out begins with '."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])


def print_table(columns: Sequence[str], rows: Sequence[Row], *, single: bool) -> None:
    """Print rows as a table for people; where its columns are too narrow for a word, below each other."""
    from rich.table import Table

    console = new_console()
    shown = [[_shown(row.get(column)) for column in columns] for row in rows]
    least = [max(map(_longest_word, (column, *cells))) for column, *cells in zip(columns, *shown, strict=True)]
    if single or sum(least) + 3 * len(least) + 1 > console.width:
        _print_fields(columns, shown)
        return
    table = Table()
    for column, width in zip(columns, least, strict=True):
        table.add_column(column, overflow="fold", min_width=width)
    for cells in shown:
        table.add_row(*cells)
    console.print(table)


def _print_fields(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows field by field: no line of these is broken by us."""
    width = max(map(len, columns), default=0)
    blocks = [[f"{column:{width}}  {cell}".rstrip() for column, cell in zip(columns, row, strict=True)] for row in rows]
    sys.stdout.write("\n\n".join("\n".join(block) for block in blocks) + ("\n" if blocks else ""))


_WORD = re.compile(r"[!-~]+")
LONGEST_WORD = 60
"""A longer one is no identifier of ours, and may be broken."""


def _longest_word(text: str) -> int:
    """Return how long the longest word of ASCII is, such as a code or a case number."""
    return max((len(word) for word in _WORD.findall(text) if len(word) <= LONGEST_WORD), default=1)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _cell(value: object) -> object:
    """Return a value as one cell of CSV."""
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return as_cell(value)


def _shown(value: object) -> str:
    """Return a value as people read it. Control characters of names do not reach the terminal."""
    if value == show_time(FOREVER_MS):
        return _("permanent")
    if isinstance(value, list):
        return ("; " if any(isinstance(one, dict) for one in value) else ", ").join(map(_shown, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(part)}" for name, part in readable(value).items())
    text = str("" if value is None else value)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
