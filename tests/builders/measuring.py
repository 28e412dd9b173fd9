"""How each measure of the platform is asked for: made from the table, so that a new row is taken wherever all are."""

from typing import NamedTuple

from folkmoot_governance.group.removed_texts import GroupText
from folkmoot_governance.measures import Row
from folkmoot_governance.restrictions import Measure, Power, Subject

LINES = {
    "account_unname": "/nick Bank of Moot",
    "group_size": "/limit 15",
    "name_remove": "/rename Bank of Moot",
    "topic_remove": "/topic send money here",
    "announcement_remove": "/announce pay by Friday",
    "rules_remove": "/setrules Obey the bank",
    "question_remove": "/question Your account number? = 17",
    "tag_remove": "/tag @{user} cashier of the bank",
    "reason_remove": "/ban @{friend} replace 2h owes the bank money",
}
"""What there must be before it is taken away, as the owner of the group says who is hit."""

OWN_VERBS: dict[Measure, tuple[str, str, dict[str, object]]] = {
    Measure.UNNAME: ("user", "unname", {}),
    Measure.UNVERIFY: ("user", "verify", {"identity": "none"}),
    Measure.SIZE: ("group", "reject", {}),
    Measure.REMOVE: ("text", "remove", {}),
    Measure.REVOKE: ("credential", "revoke", {"kind": "badge"}),
}
"""Measures that staff takes by a verb of their own."""

GRADES = {
    "policy__grades__club__up_to_members": 9,
    "policy__grades__hall__up_to_members": 20,
    "policy__grades__hall__review_to_create": "true",
}
"""Settings under which a group can ask for a size."""


class Asked(NamedTuple):
    """What staff types: the rest of `folkmoot admin`."""

    noun: str
    verb: str
    target: str
    options: dict[str, object]


class Hit(NamedTuple):
    """Whom a measure hits: the owner, author and bearer `user`, with an entry in the group `code`; `act`: the case of
    what was done by their line in `LINES`."""

    user: str
    code: str
    seq: int
    act: str = ""


def asked_for(row: Row, hit: Hit, duration: str = "2h", **more: object) -> Asked:
    """Return how staff takes a measure."""
    entry = f"{hit.code}:{hit.seq}"
    if row.measure is Measure.REFUTE:
        return Asked("refutation", "create", hit.code, {"seq": hit.seq, "text": "It is not so.", "rule": "fraud"})
    if row.subject is Subject.ENTRY:
        return Asked("entry", "remove", hit.code, {"seqs": str(hit.seq), "rule": "fraud"})
    grounds: dict[str, object] = {"rule": "fraud", "entry": entry}
    own = OWN_VERBS.get(row.measure)
    if own is not None:
        noun, verb, options = own
        of: dict[str, dict[str, object]] = {GroupText.TAG: {"member": hit.user}, GroupText.REASON: {"act": hit.act}}
        part: dict[str, object] = {"what": row.part} | of.get(row.part, {}) if row.part else {}
        return Asked(noun, verb, hit.user if row.subject is Subject.ACCOUNT else hit.code, grounds | options | part)
    options = {"measure": row.measure.value} | grounds | more
    if row.longest_ms:
        options["duration"] = duration
    if row.measure is Measure.CREDIT:
        options.setdefault("score", 40)
    return Asked("sanction", "create", f"@{hit.user}" if row.subject is Subject.ACCOUNT else hit.code, options)


def is_shut_out(row: Row) -> bool:
    """Say whether who is hit cannot sign in any more."""
    return row.subject is Subject.ACCOUNT and Power.SIGN_IN in row.stops
