"""What waits for the operator's staff, in words: facts first, then what people wrote."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from folkmoot_governance.case.measures import MEASURE_NAMES
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_protocol.group_code import show_group_code

from ..common.i18n import N_, Translate, show_instant
from ..common.labels import IDENTITIES, SEVERITIES

Item = Mapping[str, Any]

WISHES = {
    "channel": N_("a public account"),
    "badge": N_("a badge"),
    "licence": N_("a licence"),
    "quota": N_("more public accounts"),
}
SAID: Mapping[str, str] = {**MEASURE_NAMES, **REASON_NAMES, **SEVERITIES, **IDENTITIES, **WISHES}
"""Words of the record, and how they are said."""

FACTS: Mapping[str, str] = {
    "reason": N_("Reason: {value}"),
    "asked": N_("Asks for: {value}"),
    "rule": N_("Rule: {value}"),
    "severity": N_("Severity: {value}"),
    "user": N_("About: @{value}"),
    "by": N_("By: @{value}"),
    "group": N_("Group: {value}"),
    "seq": N_("Entry: #{value}"),
    "measure": N_("Measure: {value}"),
    "decider": N_("Taken by: @{value}"),
    "name": N_("Name: {value}"),
    "number": N_("Number: {value}"),
    "document": N_("Document: {value}"),
    "check": N_("Check of the number: {value}"),
    "same": N_("Also verified with this number: {value}"),
    "category": N_("Category: {value}"),
    "scope": N_("Scope: {value}"),
    "count": N_("How many: {value}"),
    "reporters": N_("Reporters: {value}"),
    "reporter_upheld": N_("Earlier reports of theirs that were upheld: {value}"),
    "reporter_dismissed": N_("Earlier reports of theirs that were dismissed: {value}"),
    "reporter_bad_faith": N_("Earlier reports of theirs in bad faith: {value}"),
    "subject_accounts": N_("Other accounts of theirs: {value}"),
    "subject_channels": N_("Channels of theirs: {value}"),
    "claimed_by": N_("Claimed by: @{value}"),
    "opened_ts": N_("Since: {value}"),
    "held_ts": N_("Since: {value}"),
    "since_ts": N_("Since: {value}"),
    "due_ts": N_("Answer due: {value}"),
    "until_ts": N_("Waits until: {value}"),
}
"""The fields of an item that are said, in this order."""

BRIGADE = N_("Several reporters know each other, and were quick.")


def say_item(item: Item, say: Translate) -> str:
    """Return an item as `show` gives it: a fact a line, then each text below a line that says whose it is."""
    facts = [say(text, {"value": say_fact(name, item[name], say)}) for name, text in FACTS.items() if item.get(name)]
    if item.get("brigade"):
        facts.append(say(BRIGADE))
    return "\n\n".join(["\n".join(facts), *(f"{head}\n{quoted(text)}" for head, text in texts_of(item, say) if text)])


def quoted(text: str) -> str:
    """Return what somebody wrote so that no line of it looks like one of the desk's own."""
    return textwrap.indent(text, "  ", lambda line: True)


def say_fact(name: str, value: object, say: Translate) -> str:
    """Return a value as people read it."""
    if isinstance(value, list | tuple):
        return " ".join(str(one) for one in value)
    if name.endswith("_ts") and isinstance(value, int):
        return show_instant(value)
    if name == "group":
        return show_group_code(str(value))
    return say(SAID.get(str(value), str(value)))


def say_why(item: Item, say: Translate) -> str:
    """Return why something waits, in few words."""
    why = str(item.get("reason") or item.get("rule") or item.get("asked") or f"@{item['by']}")
    return say(SAID.get(why, why))


def texts_of(item: Item, say: Translate) -> Iterator[tuple[str, str]]:
    """Yield what people wrote that is to be judged: whose it is, and the text."""
    if item.get("text"):
        yield f"@{item['by']}:" if item.get("by") else "–", item["text"]
    if item.get("body"):
        yield f"@{item['user']}:", item["body"]
    subject: Item = item.get("subject") or {}
    measure: Item = subject.get("measure") or {}
    if measure:
        yield say(N_("Why it was taken:")), str(measure.get("reason", ""))
    yield from _log_of(subject.get("entry"), item.get("around") or (), say)
    versions = item.get("versions") or subject.get("versions") or ()
    for one in versions if len(versions) > 1 or not subject.get("entry") else ():
        yield f"#{one['seq']}, {show_instant(one['ts'])}:", one["body"]
    for one in item.get("notes") or ():
        yield f"@{one['by']}, {show_instant(one['ts'])}:", one["text"]
    for one in item.get("documents") or ():
        yield f"{one['kind']} {one.get('number', '')}", one.get("text") or "–"


def _log_of(entry: Item | None, around: Sequence[Item], say: Translate) -> Iterator[tuple[str, str]]:
    """Yield what was said around an entry, as a log in which the entry is marked."""
    if entry is None:
        return
    said = sorted([*(one for one in around if one["seq"] != entry["seq"]), entry], key=lambda one: int(one["seq"]))
    lines = [
        f"{'→' if one is entry else '  '} #{one['seq']} @{one['from']['user']}: {one.get('body') or '–'}"
        for one in said
    ]
    yield say(N_("What was said around it:")), "\n".join(lines)
