"""Where the record of a group has a text that the platform removes, or has removed (G10)."""

from typing import NamedTuple

from folkmoot_governance.group.commands import RemoveText
from folkmoot_governance.group.events import Event, MeasureOverturned, TextRemoved
from folkmoot_governance.group.removed_texts import (
    GroupText,
    Removed,
    fields_with,
    kinds_with,
    reason_in,
    text_in,
    without_text,
)
from folkmoot_governance.restrictions import Basis

from ...live.rooms import Room
from ...storage.api import ActFilter, Journal, Ledger
from ...storage.change_set import Recorded, group_stream

MOST = 10_000
"""So many acts of a group are looked at, the latest ones."""

REMOVALS = tuple(str(kind.__struct_config__.tag) for kind in (TextRemoved, MeasureOverturned))


class Wanted(NamedTuple):
    """Which text is to be removed: of a tag, that of `user`; of a reason, that of the act with this number."""

    what: GroupText
    user: str = ""
    number: int = 0


async def plan_removal(
    ledger: Ledger, journal: Journal, room: Room, wanted: Wanted, reason: str, basis: Basis
) -> RemoveText:
    """Return the command that removes a text as it stands, with the acts and the notices that have it."""
    what, user, number = wanted
    while True:
        version, code = room.state.version, room.state.code
        said = await _reason_of(ledger, code, number) if number else text_in(room.state, what, user)
        removed = Removed(what.value, user, said)
        found = await ledger.acts(group_stream(code), ActFilter(kinds=kinds_with(what)), MOST) if said else []
        acts = {one.version: fields for one in found if (fields := fields_with(_event(one), removed))}
        told = [number for number, fields in acts.items() if any(not name.startswith("was_") for name in fields)]
        notices = await journal.notices_of(code, told) if told else {}
        # What was said meanwhile may have it as well.
        if room.state.version == version:
            seqs = tuple(sorted(notices.values()))
            rule = basis.grounds.rule
            return RemoveText(what.value, reason, user, tuple(sorted(acts)), seqs, rule, said, basis=basis)


async def _reason_of(ledger: Ledger, code: str, number: int) -> str:
    """Return the words of an act as they are shown now, empty where there are none."""
    found = await ledger.events(group_stream(code), number - 1, 1)
    if not found or found[0].version != number:
        return ""
    removed = await RemovedFromRecord.load(ledger, code)
    return reason_in(removed.show(found[0]))


class RemovedFromRecord:
    """What of a group's record is shown without a text: by the number of the act."""

    def __init__(self, found: dict[int, list[Removed]]) -> None:
        self._found = found

    @classmethod
    async def load(cls, ledger: Ledger, code: str) -> "RemovedFromRecord":
        """Read which texts of a group are removed now."""
        found = await ledger.acts(group_stream(code), ActFilter(kinds=REMOVALS), MOST)
        void = {one.event.number for one in found if isinstance(one.event, MeasureOverturned)}
        removed: dict[int, list[Removed]] = {}
        for one in found:
            if isinstance(one.event, TextRemoved) and one.version not in void:
                text = Removed(one.event.what, one.event.user, one.event.was_text)
                for number in one.event.acts:
                    removed.setdefault(number, []).append(text)
        return cls(removed)

    def show(self, one: Recorded) -> Event:
        """Return an act without the texts that are removed from it."""
        event = _event(one)
        for text in self._found.get(one.version, ()):
            event = without_text(event, text)
        return event


def _event(one: Recorded) -> Event:
    assert isinstance(one.event, Event), "a group's stream has events of groups"
    return one.event
