"""The report in a bundle: what a person reads or prints, without a script."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from folkmoot_governance.act_words import ACT_WORDS
from folkmoot_governance.case.measures import MEASURE_NAMES
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.content.kinds import Severity
from folkmoot_governance.group.events import Event
from folkmoot_governance.notices import event_fields, text_of
from folkmoot_governance.text import NN_
from folkmoot_protocol.exported import AccessLine, EntryLine, EventLine, IdentityLine
from folkmoot_protocol.group_code import show_group_code

from ...common.i18n import N_, Translate, show_instant, translator
from ...common.pages import style_sheet, templates
from ...storage.change_set import AnyEvent

Rows = list[tuple[str, str]]

SCOPES = {
    "entry": N_("the entry that was reported, and those around it"),
    "user": N_("the entries of those whom the case is about"),
    "group": N_("all entries of the group"),
}
KINDS = {"report": N_("Report {case}"), "appeal": N_("Appeal {case}")}
PARTS = {
    "case": N_("What people wrote to the case"),
    "entries": N_("Entries"),
    "access": N_("Connections"),
    "identities": N_("Identities"),
    "held": N_("What is on hold"),
    "removed": N_("Removed messages"),
}
"""What the parts are called that can be left out."""

STATES = {
    "open": N_("open"),
    "overdue": N_("overdue"),
    "upheld": N_("upheld"),
    "dismissed": N_("dismissed"),
    "bad_faith": N_("in bad faith"),
    "overturned": N_("the measure was overturned"),
    "confirmed": N_("the measure remains in force"),
}
SEVERITIES = {Severity.LOW: N_("low"), Severity.MEDIUM: N_("medium"), Severity.HIGH: N_("high")}
NAMES = {**MEASURE_NAMES, **REASON_NAMES}

MARK = "*"
ALL_PROVEN = NN_("{count} event, proven to be in the log", "{count} events, each proven to be in the log", "count")
SOME_BARE = N_(
    "{count} events, each proven to be in the log; for {bare} of them, marked {mark}, which name an "
    "erased account, only kind and time are proven"
)

FIRST_MS = 1_000_000_000_000
"""Of what the fields of events have, all above is a moment, and no length of time."""


class Written(Struct, frozen=True):
    """What somebody wrote to a case: `kind` as in `sealed.case_texts`, by whom, when (Unix ms)."""

    kind: str
    by: str
    ts: int
    text: str


class Told(Struct, frozen=True, kw_only=True):
    """What a report is made of. `about` is as in the manifest."""

    about: Mapping[str, Any]
    case: Mapping[str, Any]
    written: Sequence[Written]
    entries: Sequence[EntryLine]
    events: Sequence[tuple[EventLine, AnyEvent]]
    access: Sequence[AccessLine]
    identities: Sequence[IdentityLine]


def render(told: Told, language: str) -> bytes:
    """Return the report. Slow: for a thread."""
    say, about = translator(language), told.about
    fields = {
        "language": language,
        "css": style_sheet("bundle.css"),
        "title": say(KINDS[told.case["kind"]], {"case": about["case"]}),
        "lead": say(N_("Inspection bundle of {origin}"), about),
        "extent": extent_rows(say, about),
        "check": check_part(say, about),
        "case": {"title": say(N_("The case")), "rows": case_rows(say, told.case), "texts": texts_of(say, told.written)},
        "tables": [
            events_table(say, told.events),
            entries_table(say, told.entries),
            *([access_table(say, told.access)] if "access" not in about["left_out"] else []),
            *([identities_table(say, told.identities)] if told.identities else []),
        ],
    }
    return templates().get_template("bundle.html").render(fields).encode()


def extent_rows(say: Translate, about: Mapping[str, Any]) -> Rows:
    """Return what was taken out, by whom and why."""
    rows = [
        (say(N_("Made")), show_instant(about["made_ts"])),
        (say(N_("Taken out by")), f"@{about['by']}"),
        (say(N_("Reason")), about["reason"]),
        (say(N_("From")), show_instant(about["since_ts"])),
        (say(N_("Until")), show_instant(about["until_ts"])),
        (say(N_("Scope")), say(SCOPES[about["scope"]])),
    ]
    if about["approved_by"]:
        names = " ".join(f"@{user}" for user in about["approved_by"])
        rows.append((say(N_("Identities approved by")), names))
    if about["left_out"]:
        left = "; ".join(f"{say(PARTS[part])}: {say(why)}" for part, why in about["left_out"].items())
        rows.append((say(N_("Left out")), left))
    return rows


def check_part(say: Translate, about: Mapping[str, Any]) -> dict[str, object]:
    """Return how it is checked that all of it is genuine."""
    lines = [
        say(N_("This page alone proves nothing: check the signed archive that it came in.")),
        say(
            N_(
                "Check with a program from elsewhere, such as this one: whoever forges an archive "
                "forges the verify.py in it as well."
            )
        ),
        say(N_("Or use that one, when its SHA-256 is the one that the operator publishes.")),
        say(N_("The key to check with: compare it with the one that the operator publishes.")),
    ]
    return {
        "title": say(N_("Is it genuine?")),
        "lines": lines,
        "command": f"folkmoot verify folkmoot-{about['case']}.zip --key {about['key']}",
    }


def case_rows(say: Translate, case: Mapping[str, Any]) -> Rows:
    """Return the facts of a case; what is empty is left out."""
    named = {
        N_("State"): say(STATES.get(case["state"], case["state"])),
        N_("Reason"): say(NAMES.get(case["reason"], case["reason"])),
        N_("Severity"): say(SEVERITIES[Severity(case["severity"])]) if case["kind"] == "report" else "",
        N_("About"): f"@{case['user']}" if case["user"] else "",
        N_("Group"): show_group_code(case["group"]) if case["group"] else "",
        N_("Entry"): str(case["seq"] or ""),
        N_("Measure"): case["measure"],
        N_("Opened"): instant(case["opened_ts"]),
        N_("By"): " ".join(f"@{one['by']}" if one["by"] else "–" for one in case["reported_by"]) or f"@{case['by']}",
        N_("Answer due"): instant(case["due_ts"]),
        N_("Decided at"): instant(case["closed_ts"]),
        N_("Decided by"): f"@{case['closed_by']}" if case["closed_by"] else "",
        N_("Answer"): case["answer"],
    }
    return [(say(name), str(value)) for name, value in named.items() if value]


WRITTEN = {
    "case": N_("Written when it was opened"),
    "report": N_("Written by others who reported it"),
    "note": N_("A note by staff"),
    "counter": N_("Answer of the one who was reported"),
    "subject": N_("What it is about, as it was then"),
}


def texts_of(say: Translate, written: Iterable[Written]) -> list[dict[str, str]]:
    """Return what people wrote to a case, each under a line that says whose it is."""
    return [
        {
            "head": " · ".join(filter(None, (say(WRITTEN[one.kind]), one.by and f"@{one.by}", instant(one.ts)))),
            "text": one.text,
        }
        for one in written
    ]


def instant(ms: int) -> str:
    """Return a time for people, nothing for none."""
    return show_instant(ms) if ms else ""


def table_of(
    say: Translate,
    title: str,
    caption: str,
    columns: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, ...]],
    **more: object,
) -> dict[str, object]:
    """Return a table: its columns have a class and a name; `more` is what the caption says besides."""
    return {
        "title": say(title),
        "caption": say(caption, {"count": len(rows), **more}),
        "kinds": [kind for kind, _ in columns],
        "names": [say(name) for _, name in columns],
        "rows": rows,
        "nothing": say(N_("There were none.")),
    }


def events_table(say: Translate, events: Sequence[tuple[EventLine, AnyEvent]]) -> dict[str, object]:
    """Return what was decided and done, in order."""
    columns = [("nr", N_("In the log")), ("at", N_("When")), ("who", N_("Who")), ("text", N_("What"))]
    rows = [
        (
            f"{line.position} {MARK}" if line.digest else str(line.position),
            show_instant(line.ts),
            f"@{line.actor}" if line.actor else "",
            "\n".join(said(say, line, event)),
        )
        for line, event in events
    ]
    title, bare = N_("What was decided and done"), sum(bool(line.digest) for line, _ in events)
    return table_of(say, title, SOME_BARE if bare else ALL_PROVEN, columns, rows, bare=bare, mark=MARK)


def said(say: Callable[..., str], line: EventLine, event: AnyEvent) -> list[str]:
    """Return an event in words, and what it says besides."""
    if isinstance(event, Event) and not line.digest:
        fields = event_fields(event)
        return [
            say(text_of(event), {"by": event.by} | fields),
            *([str(fields["reason"])] if fields.get("reason") else []),
        ]
    more = {name: value for name, value in line.event.items() if name not in ("event", "at", "by") and value}
    detail = " · ".join(f"{name}: {shown(name, value)}" for name, value in more.items())
    return [say(ACT_WORDS.get(line.kind, line.kind)), *([detail] if detail else [])]


def shown(name: str, value: object) -> str:
    """Return a value of an event's field for people."""
    if name.endswith(("_ts", "_ms")) and isinstance(value, int) and value > FIRST_MS:
        return show_instant(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def entries_table(say: Translate, entries: Sequence[EntryLine]) -> dict[str, object]:
    """Return the entries, in order."""
    columns = [("nr", N_("Nr.")), ("at", N_("When")), ("who", N_("User")), ("text", N_("Text"))]
    removed = say(N_("(removed)"))
    rows = [
        (
            str(one.seq),
            show_instant(one.ts),
            f"@{one.user}" if one.user else "",
            f"{removed} {one.body}" if one.removed else one.body,
        )
        for one in entries
    ]
    return table_of(say, N_("Entries"), NN_("{count} entry", "{count} entries", "count"), columns, rows)


def access_table(say: Translate, access: Sequence[AccessLine]) -> dict[str, object]:
    """Return the records of connections, in order."""
    columns = [("at", N_("When")), ("who", N_("User")), ("", N_("What")), ("", N_("Address")), ("text", N_("Detail"))]
    rows = [(show_instant(one.ts), f"@{one.user}", one.kind, f"{one.address} {one.port}", one.detail) for one in access]
    return table_of(say, N_("Connections"), NN_("{count} record", "{count} records", "count"), columns, rows)


def identities_table(say: Translate, identities: Sequence[IdentityLine]) -> dict[str, object]:
    """Return the identities."""
    columns = [
        ("who", N_("User")),
        ("", N_("Level")),
        ("", N_("Number")),
        ("", N_("Name")),
        ("", N_("Document")),
        ("at", N_("Since")),
    ]
    rows = [
        (f"@{one.user}", one.identity, one.number, one.name, one.document, show_instant(one.since_ts))
        for one in identities
    ]
    return table_of(say, N_("Identities"), NN_("{count} identity", "{count} identities", "count"), columns, rows)
