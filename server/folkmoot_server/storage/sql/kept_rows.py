"""Rows of what is kept of groups that the platform closed: written by `projection`, read by `groups`.

The row of the part `group` has the group's own fields, and until when it is all kept; each other row is one thing that
the group had: a member, a request to join. Nothing but an appeal that succeeds reads it, so it is JSON in one column.
"""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec.structs import asdict

from folkmoot_governance import GroupState
from folkmoot_governance.group import events as e
from folkmoot_governance.group.keeping import PARTS
from folkmoot_governance.group.removed_texts import of_acts
from folkmoot_governance.group.state import Kept, KeptFields

from ..change_set import Remove, RowChange, Upsert

OWN = "group"
OF_PEOPLE = ("members", "requests", "invitations")
"""The parts in which somebody is in the group, or on the way in; their keys are user names."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_PART: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Kept) if field.name in PARTS}


def kept_changes(state: GroupState, event: e.Event) -> list[RowChange]:
    """Return what `event` changes of what is kept."""
    match event:
        case e.GroupClosed():
            return kept_rows(state)
        case e.KeptLonger() if state.kept is not None:
            return [_own_row(state, state.kept)]
        case e.KeptLetGo() | e.MeasureOverturned(reopens=True):
            return [Remove("kept", {"code": state.code})]
        case e.MemberDeparted() | e.MeasureOverturned() if state.kept is not None:
            parts = (*OF_PEOPLE, "waits")
            tagged = (
                [_row(state, "members", event.whose)] if isinstance(event, e.MeasureOverturned) and event.whose else []
            )
            waits = _waits(state, state.kept, event.acts) if isinstance(event, e.MeasureOverturned) else []
            own = _own_row(state, state.kept)
            return [own, *(_row(state, part, event.user) for part in parts), *tagged, *waits]
        case e.TextRemoved() if state.kept is not None:
            tagged = [_row(state, "members", event.user)] if event.user else []
            return [_own_row(state, state.kept), *tagged, *_waits(state, state.kept, event.acts)]
        case _:
            return []


def _waits(state: GroupState, kept: Kept, acts: Collection[int]) -> list[RowChange]:
    """Return the rows of the waits that some acts have made."""
    return [_row(state, "waits", user) for user in of_acts(state, kept.waits, acts)]


def kept_rows(state: GroupState) -> list[RowChange]:
    """Return the rows of all that is kept of a group."""
    if state.kept is None:
        return []
    keys = ((part, key) for part in PARTS for key in getattr(state.kept, part))
    return [_own_row(state, state.kept), *(_row(state, part, key) for part, key in keys)]


def _own_row(state: GroupState, kept: Kept) -> Upsert:
    own = {name: getattr(kept, name) for name in KeptFields.__struct_fields__}
    values = {"until_ms": kept.until_ms, "data": _ENCODER.encode(own).decode()}
    return Upsert("kept", {"code": state.code, "part": OWN, "key": "", **values})


def _row(state: GroupState, part: str, key: str | int) -> RowChange:
    """Return the row of one thing that is kept, or its removal where it is not there."""
    where = {"code": state.code, "part": part, "key": str(key)}
    held = getattr(state.kept, part).get(key)
    if held is None:
        return Remove("kept", where)
    return Upsert("kept", {**where, "until_ms": 0, "data": _ENCODER.encode(held).decode()})


def read_kept(rows: Iterable[dict[str, Any]]) -> Kept | None:
    """Return what is kept of a group, from its rows; None where that is nothing."""
    parts: dict[str, Any] = {part: {} for part in PARTS}
    own: dict[str, Any] = {}
    for row in rows:
        if row["part"] == OWN:
            own = asdict(msgspec.json.decode(row["data"], type=KeptFields))
        else:
            key_type, held_type = _PART[row["part"]].__args__
            parts[row["part"]][key_type(row["key"])] = msgspec.json.decode(row["data"], type=held_type)
    return Kept(**own, **parts) if own else None
