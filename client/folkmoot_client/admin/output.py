"""How results and errors are printed: a table, or JSON, JSON Lines or CSV that is valid whatever happened.

Data goes to stdout, words to stderr. Times (`…_ts`, `…_until_ms`) are printed as UTC ISO 8601 under their name without
the suffix; no time is null.
"""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import folkmoot_protocol as fm
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_protocol.admin.row import Verb

from ..terminal import _, new_console, say

Row = dict[str, Any]

FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""What makes a program for tables take a text for a formula, or for another cell."""


class Format(StrEnum):
    """What `-o` chooses."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def show_time(ms: int) -> str | None:
    """Return a Unix time in ms as UTC ISO 8601, None for 0."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ms else None


def readable(item: Mapping[str, Any]) -> Row:
    """Return an item with its times as text."""
    row: Row = {}
    for name, value in item.items():
        for suffix in ("_ts", "_ms"):
            if name.endswith(("_ts", "_until_ms")) and name.endswith(suffix) and isinstance(value, int):
                row[name.removesuffix(suffix)] = show_time(value)
                break
        else:
            row[name] = value
    return row


def print_result(format: Format, verb: Verb[Any], result: fm.AdminResult) -> None:
    """Print the result of a row; what shows one thing shows its fields below each other on a terminal."""
    rows = [readable(item) for item in result.items]
    match format:
        case Format.JSON:
            _print_json({"items": rows, "cursor": result.cursor, "changed": result.changed})
        case Format.JSONL:
            for row in rows:
                _print_json(row)
        case Format.CSV:
            print_csv(columns_of(verb, rows), rows)
        case Format.TABLE:
            print_table(columns_of(verb, rows), rows, single=not verb.columns)
    if result.text:
        say(result.text)
    if result.cursor and format is not Format.JSON:
        say(_("There are more: --cursor {cursor}").format(cursor=result.cursor))


def print_error(format: Format, code: str, message: str, detail: Mapping[str, Any] | None = None) -> None:
    """Print what went wrong: as data where a program reads, as words in any case."""
    error = {"code": code, "message": message, "detail": dict(detail or {})}
    match format:
        case Format.JSON | Format.JSONL:
            _print_json({"error": error})
        case Format.CSV:
            print_csv(("error", "message"), [{"error": code, "message": message}])
        case Format.TABLE:
            pass
    say(message)


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
    """Print rows as a table for people."""
    from rich.table import Table

    table = Table(show_header=not single)
    if single:
        for row in rows:
            for column in columns:
                table.add_row(column, _shown(row.get(column)))
    else:
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(_shown(row.get(column)) for column in columns))
    new_console().print(table)


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _cell(value: object) -> object:
    """Return a value as one cell of CSV."""
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _shown(value: object) -> str:
    """Return a value as people read it. Control characters of names do not reach the terminal."""
    if value == show_time(FOREVER_MS):
        return _("permanent")
    text = ", ".join(map(str, value)) if isinstance(value, list) else str("" if value is None else value)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
