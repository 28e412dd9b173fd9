"""The row that keeps a flag from getting lost between its entry and its event: `jobs.lost_flags` finds what is left
over."""

import secrets

from folkmoot_governance import GroupState
from folkmoot_governance.content.match import Verdict
from folkmoot_governance.group.events import ContentFlagged, Event

from ...storage.change_set import ChangeSet, RowChange
from ...storage.changes import closed_flag, open_flag_row
from ...storage.rows import OpenFlag
from ..acting import ExtraRows


def open_flag(code: str, user: str, nonce: str | None, verdict: Verdict, now: int) -> tuple[str, RowChange]:
    """Return the nonce that a post to be flagged has (its own, if any), and the row that it brings along."""
    nonce = nonce or f"flag {secrets.token_hex(8)}"
    looks = int(verdict.staff), verdict.own_rule
    return nonce, open_flag_row(OpenFlag(code, user, nonce, verdict.rule, verdict.severity.value, now, *looks))


def closing(code: str, user: str, nonce: str) -> ExtraRows:
    """Return what takes that row out, in the change set that records the flag."""

    def extra_rows(change_set: ChangeSet, state: GroupState, event: Event) -> None:
        if isinstance(event, ContentFlagged):
            change_set.rows = [*change_set.rows, closed_flag(code, user, nonce)]

    return extra_rows
