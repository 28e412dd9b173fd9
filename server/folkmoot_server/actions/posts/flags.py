"""The row that keeps a flag from getting lost between its entry and its event: `jobs.lost_flags` finds what is left
over."""

import secrets

from folkmoot_governance import GroupState
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.group.events import ContentFlagged, Event

from ...storage.change_set import ChangeSet, Remove, RowChange, Upsert
from ..acting import ExtraRows

TABLE = "open_flags"


def open_flag(code: str, user: str, nonce: str | None, verdict: Verdict, now: int) -> tuple[str, RowChange]:
    """Return the nonce that a post to be flagged has (its own, if any), and the row that it brings along."""
    nonce = nonce or f"flag {secrets.token_hex(8)}"
    values = {"code": code, "user": user, "nonce": nonce, "rule": verdict.rule, "severity": verdict.severity.value}
    return nonce, Upsert(TABLE, {**values, "ts": now})


def closing(code: str, user: str, nonce: str) -> ExtraRows:
    """Return what takes that row out, in the change set that records the flag."""

    def extra_rows(change_set: ChangeSet, state: GroupState, event: Event) -> None:
        if isinstance(event, ContentFlagged):
            change_set.rows = [*change_set.rows, closed_flag(code, user, nonce)]

    return extra_rows


def closed_flag(code: str, user: str, nonce: str) -> RowChange:
    """Return the removal of a row."""
    return Remove(TABLE, {"code": code, "user": user, "nonce": nonce})
