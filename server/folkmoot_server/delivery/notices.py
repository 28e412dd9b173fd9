"""What an account is told by itself, in the words of its reader."""

import re
from collections.abc import Sequence
from typing import Any

from folkmoot_governance.case.effects import overturned_text
from folkmoot_governance.case.rules import REASON_NAMES
from folkmoot_governance.personal_notices import OVERTURNED, TEXTS, PersonalNotice
from folkmoot_governance.text import NN_
from folkmoot_protocol.events import CaseEvent
from folkmoot_protocol.group_code import show_group_code
from folkmoot_protocol.types import Notice

from ..common.i18n import N_, Translate

PASSING = {
    "tried": NN_(
        "{count} wrong password was tried for your account since you were last told",
        "{count} wrong passwords were tried for your account since you were last told",
        "count",
    ),
    "more": N_("There is more that you have not read: /notices"),
}
"""What is told to who is there, and not kept."""

SENTENCES = TEXTS | PASSING

ACT = re.compile(r"/[a-z]+(?: \{case\}| accept)?(?: …)?")
"""A line in a sentence, which whoever is told can answer with."""

APPEAL = "/appeal {case} …"

SHOWN = 20
"""So many entries are named in a sentence; the notice's data has all."""

UNKNOWN = N_("This concerns you: {case}")
"""Of a kind that a later version has."""


def passing(user: str, kind: str, **data: Any) -> PersonalNotice:
    """Return something of `PASSING`."""
    return PersonalNotice(user, 0, kind, data=data)


def notice_text(notice: PersonalNotice, say: Translate) -> str:
    """Say a notice: its sentence, the reason, and how to appeal where one may."""
    sentence, effect = SENTENCES.get(notice.kind, UNKNOWN), notice.data.get("effect")
    # What a group's leaders, or who asked to join, hear of somebody else's appeal has an effect as well.
    if effect and notice.kind == OVERTURNED:
        sentence = overturned_text(effect, notice.data.get("measure", ""))
    told = say(sentence, {**notice.data, "case": notice.case})
    if notice.data.get("reason"):
        told = f"{told}: {notice.data['reason']}"
    rule, law = str(notice.data.get("rule", "")), str(notice.data.get("law", ""))
    basis = [text for text in (say(REASON_NAMES.get(rule, rule)) if rule else "", law) if text]
    if notice.data.get("entry"):
        basis.append(say(N_("entry {entry}"), {"entry": show_entry(notice.data["entry"])}))
    if notice.data.get("seqs"):
        basis.append(say(N_("entries {entries}"), {"entries": show_entries(notice.data["seqs"])}))
    if basis:
        told = f"{told} ({'; '.join(basis)})"
    if "appeal_until_ms" not in notice.data:
        return told
    until = say("{until}", {"until_ms": notice.data["appeal_until_ms"]})
    detail = {"told": told, "command": APPEAL.replace("{case}", notice.case), "until": until}
    return say(N_("{told} (to appeal, {until}: {command})"), detail)


def acts_of(notice: PersonalNotice) -> tuple[str, ...]:
    """Return the lines that whoever is told can answer with. What is looked at is the sentence, not what fills it."""
    appeals = [APPEAL] if "appeal_until_ms" in notice.data else []
    lines = [*appeals, *ACT.findall(str(SENTENCES.get(notice.kind, "")))]
    return tuple(line.replace("{case}", notice.case) for line in lines)


def show_entry(entry: str) -> str:
    """Return an entry, as grounds name it, in the form in which people write it: `4821-9067-3350:17`."""
    code, _, seq = entry.partition(":")
    return f"{show_group_code(code)}:{seq}"


def show_entries(seqs: Sequence[int]) -> str:
    """Return the numbers of entries as people write them, the first of many: `#17 #18 …`."""
    return " ".join([*(f"#{seq}" for seq in seqs[:SHOWN]), *(["…"] if len(seqs) > SHOWN else [])])


def view_notice(notice: PersonalNotice, read_ts: int, say: Translate) -> Notice:
    """Return a notice as `notices` lists it."""
    return Notice(
        id=notice.id,
        ts=notice.at,
        kind=notice.kind,
        case=notice.case,
        text=notice_text(notice, say),
        group=notice.code,
        read_ts=read_ts,
        data=notice.data,
        acts=acts_of(notice),
    )


def notice_event(notice: PersonalNotice, say: Translate) -> CaseEvent:
    """Return the event that tells a connection of a notice; with what `notices` lists, if it is kept."""
    if notice.kind in PASSING:
        return CaseEvent(case=notice.case, state=notice.kind, text=notice_text(notice, say))
    view = view_notice(notice, 0, say)
    return CaseEvent(case=view.case, state=view.kind, text=view.text, notice=view)
