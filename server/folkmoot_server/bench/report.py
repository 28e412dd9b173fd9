"""What `folkmoot bench` prints: a table for each load, or one JSON document."""

import os
import platform
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from .. import __version__
from ..common.i18n import N_
from ..common.terminal import _
from .run import Pair

# Text, field, format. For each, how ours compares to the reference's is printed beside it.
ROWS: Sequence[tuple[str, str, str]] = (
    (N_("Deliveries a second"), "deliveries_per_s", ",.0f"),
    (N_("Latency, median (ms)"), "p50_ms", ",.2f"),
    (N_("Latency, 99 of 100 (ms)"), "p99_ms", ",.2f"),
    (N_("Server's CPU for a delivery (µs)"), "server_cpu_us", ",.2f"),
    (N_("Memory of a connection (KiB)"), "kib_per_connection", ",.1f"),
    (N_("Connections and sign-ins a second"), "connects_per_s", ",.0f"),
)
CHECKS: Sequence[tuple[str, str]] = (
    (N_("Lost"), "lost"),
    (N_("Doubled"), "doubled"),
    (N_("Out of order"), "out_of_order"),
    (N_("Refused or unanswered"), "refused"),
)
BUSY = 0.95
"""Share of a core from which on a process has no time to spare."""


def as_json(pairs: Sequence[Pair], seconds: float) -> str:
    """Return one document with everything that was found; `ratio` is ours divided by the reference's."""
    loads = [
        {
            "name": pair.name,
            **msgspec.to_builtins(pair.load),
            "folkmoot": msgspec.to_builtins(pair.folkmoot),
            "reference": msgspec.to_builtins(pair.reference),
            "ratio": {name: ratio(pair, name) for _text, name, _format in ROWS},
        }
        for pair in pairs
    ]
    found: dict[str, Any] = {
        "version": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "seconds": seconds,
        "loads": loads,
    }
    return msgspec.json.format(msgspec.json.encode(found)).decode()


def ratio(pair: Pair, name: str) -> float | None:
    """Return ours divided by the reference's, None where one of them is unknown or nothing."""
    ours, theirs = getattr(pair.folkmoot, name), getattr(pair.reference, name)
    return ours / theirs if ours is not None and theirs else None


def print_tables(pairs: Sequence[Pair]) -> None:
    """Print a table for each load."""
    console = Console(highlight=False)
    for pair in pairs:
        console.print(table_of(pair))
        console.print()


def table_of(pair: Pair) -> Table:
    """Return the table of one load."""
    table = Table(title=title_of(pair), title_justify="left")
    table.add_column("")
    for head in ("Folkmoot", "websockets.broadcast", _("ratio")):
        table.add_column(head, justify="right", no_wrap=True)
    for text, name, form in ROWS:
        cells = [shown(getattr(one, name), form) for one in (pair.folkmoot, pair.reference)]
        table.add_row(_(text), *cells, shown(ratio(pair, name), ".2f"))
    table.add_section()
    for text, name in CHECKS:
        table.add_row(_(text), *(str(getattr(one, name)) for one in (pair.folkmoot, pair.reference)))
    return table


def title_of(pair: Pair) -> str:
    """Return what the load is, in words."""
    load = pair.load
    text = _("{name}: {groups} × {members} members, {senders} of them post as soon as their last post is back")
    if load.rate:
        text = _("{name}: {groups} × {members} members, {senders} of them post, {rate} posts a second together")
    return text.format(name=pair.name, **msgspec.to_builtins(load))


def shown(value: float | None, form: str) -> str:
    """Return a figure for a cell."""
    return "-" if value is None else format(value, form)


def remarks(pairs: Sequence[Pair]) -> list[str]:
    """Return what must be known to read the figures."""
    found = []
    for pair in pairs:
        if pair.folkmoot.faults or pair.reference.faults:
            found.append(
                _("{name}: the figures do not count, because something was lost or refused.").format(name=pair.name)
            )
        for server, one in (("Folkmoot", pair.folkmoot), ("websockets.broadcast", pair.reference)):
            if one.generator_cpu_share > BUSY > (one.server_cpu_share or 0):
                text = _("{name}, {server}: the load generator was the slower side; compare the CPU for a delivery.")
                found.append(text.format(name=pair.name, server=server))
    return found
