"""What a system of the operator's own is told of an event or a connection: nothing that says who somebody is.

Names and addresses are replaced by what is drawn from them under a key of the service's: the same each time, so that it
can be counted and followed, and nothing that can be guessed back. Of events there is besides the digest in the
service's log, by which the event itself is found, with its reason and all, by who may read it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from folkmoot_governance.measures import MEASURES
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity

from ..common.syslog import Severity
from ..sealed.access_records import AccessKind, AccessRecord
from ..storage.rows import LedgerRow

Hide = Callable[[str], str]
"""Returns what stands for a name or an address."""

OCSF_VERSION = "1.3.0"
CODES, LEVELS = {one.value for one in ErrorCode}, {one.value for one in Identity}
MEASURES_TAKEN = {str(row.event.__struct_config__.tag) for row in MEASURES}


class Told(NamedTuple):
    """What is told: when (Unix ms), how bad it is, what it is called, and its fields."""

    ts: int
    severity: Severity
    kind: str
    fields: dict[str, Any]


def told_of_access(record: AccessRecord, node: str, hide: Hide) -> Told:
    """Return what is told of a record of the access log."""
    fields = {
        "log": "access",
        "kind": record.kind.value,
        "time": record.ts,
        "node": node,
        "connection": record.connection,
        "account": hide(record.user) if record.user else "",
        "address": hide(record.address) if record.address else "",
    }
    match record.kind:
        case AccessKind.FAILED:
            fields["code"] = record.detail if record.detail in CODES else ""
        case AccessKind.IDENTITY:
            fields["level"] = record.detail if record.detail in LEVELS else ""
        case AccessKind.ADMINISTERED:
            # What it was about may be a name.
            fields["operation"] = " ".join(record.detail.split()[:2])
        case _:
            pass
    severity = Severity.WARNING if record.kind is AccessKind.FAILED else Severity.INFO
    return Told(record.ts, severity, record.kind.value, fields)


def told_of_event(row: LedgerRow, leaf: bytes, hide: Hide) -> Told:
    """Return what is told of an event of the ledger, whose leaf in the log is given."""
    stream, _, subject = row.stream.partition(":")
    # The number of an appeal against a measure that hit an account has its name in it.
    if stream == "account" or "@" in subject:
        subject = hide(subject)
    fields = {
        "log": "governance",
        "kind": row.type,
        "time": row.ts,
        "position": row.position,
        "stream": stream,
        "subject": subject,
        "version": row.version,
        "actor": hide(row.actor) if row.actor else "",
        "digest": leaf.split()[3].decode(),
    }
    return Told(row.ts, Severity.NOTICE if row.type in MEASURES_TAKEN else Severity.INFO, row.type, fields)


def told_of_loss(ts: int, node: str, count: int) -> Told:
    """Return what is told of records that were lost."""
    fields = {"log": "access", "kind": "records_lost", "time": ts, "node": node, "count": count}
    return Told(ts, Severity.WARNING, "records_lost", fields)


def plain(told: Told) -> Mapping[str, Any]:
    """Return it as it is."""
    return told.fields


class Class(NamedTuple):
    """A class of OCSF: its number, name, and the category that it is in."""

    uid: int
    name: str
    category: int


NETWORK = Class(4001, "Network Activity", 4)
AUTHENTICATION = Class(3002, "Authentication", 3)
ACCOUNT_CHANGE = Class(3001, "Account Change", 3)
GROUP_MANAGEMENT = Class(3006, "Group Management", 3)
ENTITY_MANAGEMENT = Class(3004, "Entity Management", 3)
API_ACTIVITY = Class(6003, "API Activity", 6)
CATEGORIES = {3: "Identity & Access Management", 4: "Network Activity", 6: "Application Activity"}
OTHER = 99

ACTIVITIES: dict[str, tuple[Class, int]] = {
    "connected": (NETWORK, 1),
    "ended": (NETWORK, 2),
    "signed_in": (AUTHENTICATION, 1),
    "token_used": (AUTHENTICATION, 1),
    "password_shown": (AUTHENTICATION, 1),
    "failed": (AUTHENTICATION, 1),
    "signed_out": (AUTHENTICATION, 2),
    "password_reset": (ACCOUNT_CHANGE, 4),
    "identity": (ACCOUNT_CHANGE, OTHER),
    "administered": (API_ACTIVITY, OTHER),
    "registered": (ACCOUNT_CHANGE, 1),
    "password_changed": (ACCOUNT_CHANGE, 3),
    "account_suspended": (ACCOUNT_CHANGE, 9),
    "account_restored": (ACCOUNT_CHANGE, 2),
    "account_closing": (ACCOUNT_CHANGE, 5),
    "account_closed": (ACCOUNT_CHANGE, 6),
    "second_factor_set": (ACCOUNT_CHANGE, 10),
    "second_factor_ended": (ACCOUNT_CHANGE, 11),
    "created": (GROUP_MANAGEMENT, 6),
    "joined": (GROUP_MANAGEMENT, 3),
    "left": (GROUP_MANAGEMENT, 4),
    "kicked": (GROUP_MANAGEMENT, 4),
    "banned": (GROUP_MANAGEMENT, 4),
    "promoted": (GROUP_MANAGEMENT, 1),
    "demoted": (GROUP_MANAGEMENT, 2),
    "dissolved": (GROUP_MANAGEMENT, 5),
    "closed": (GROUP_MANAGEMENT, 5),
    "report_opened": (ENTITY_MANAGEMENT, 1),
    "appeal_opened": (ENTITY_MANAGEMENT, 1),
    "case_read": (ENTITY_MANAGEMENT, 2),
    "case_closed": (ENTITY_MANAGEMENT, 3),
}
"""Class and activity of a kind; others are `OTHER` in the class of their stream."""
OF_STREAMS = {"account": ACCOUNT_CHANGE, "group": GROUP_MANAGEMENT}
OF_THE_ACTOR = frozenset({"joined", "left"})
"""Kinds that are about whoever acted: of others the target is not told."""
UNKNOWN = "unknown"
"""What stands for what is not known, where the schema asks for one."""
SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.NOTICE: (2, "Low"),
    Severity.WARNING: (3, "Medium"),
}


def ocsf(told: Told) -> Mapping[str, Any]:
    """Return it as an event of the Open Cybersecurity Schema Framework; what has no place there is `unmapped`."""
    fields = told.fields
    usual = OF_STREAMS.get(str(fields.get("stream")), ENTITY_MANAGEMENT), OTHER
    kind, activity = ACTIVITIES.get(told.kind, usual)
    severity, severity_name = SEVERITIES[told.severity]
    failed = told.kind == "failed"
    event: dict[str, Any] = {
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Folkmoot", "vendor_name": "Folkmoot"},
            **({"profiles": ["host"]} if kind is NETWORK else {}),
            "log_name": fields["log"],
            "event_code": told.kind,
        },
        "time": told.ts,
        "class_uid": kind.uid,
        "class_name": kind.name,
        "category_uid": kind.category,
        "category_name": CATEGORIES[kind.category],
        "activity_id": activity,
        **({"activity_name": told.kind} if activity == OTHER else {}),
        "type_uid": kind.uid * 100 + activity,
        "severity_id": severity,
        "severity": severity_name,
        "status_id": 2 if failed else 1,
        "status": "Failure" if failed else "Success",
        **({"status_code": fields["code"]} if failed else {}),
    }
    event |= _of_access(kind, fields) if fields["log"] == "access" else _of_governance(kind, fields)
    return event | {"unmapped": {name: value for name, value in fields.items() if name not in ("kind", "time", "log")}}


def _of_access(kind: Class, fields: Mapping[str, Any]) -> dict[str, Any]:
    source = {"src_endpoint": {"uid": fields.get("address") or UNKNOWN}}
    user = {"uid": fields.get("account") or UNKNOWN}
    node = {"dst_endpoint": {"name": fields["node"]}}
    if kind is NETWORK:
        return source | node | {"actor": {"user": user}}
    if kind is AUTHENTICATION:
        return source | node | {"user": user}
    if kind is API_ACTIVITY:
        return source | {"actor": {"user": user}, "api": {"operation": fields["operation"]}}
    if kind is ENTITY_MANAGEMENT:
        return {"entity": {"name": "access log", "type": "log"}}
    return source | {"user": user}


def _of_governance(kind: Class, fields: Mapping[str, Any]) -> dict[str, Any]:
    actor = {"actor": {"user": {"uid": fields["actor"]} if fields["actor"] else {"name": "service"}}}
    if kind is ACCOUNT_CHANGE:
        return actor | {"user": {"uid": fields["subject"]}}
    if kind is GROUP_MANAGEMENT:
        moved = {"user": actor["actor"]["user"]} if fields["kind"] in OF_THE_ACTOR else {}
        return actor | moved | {"group": {"uid": fields["subject"]}}
    return actor | {"entity": {"uid": fields["subject"] or fields["stream"], "type": fields["stream"]}}


FORMATS: dict[str, Callable[[Told], Mapping[str, Any]]] = {"plain": plain, "ocsf": ocsf}


def as_message(told: Told, form: str) -> bytes:
    """Return what is told as JSON in ASCII."""
    return json.dumps(FORMATS[form](told), separators=(",", ":")).encode()
