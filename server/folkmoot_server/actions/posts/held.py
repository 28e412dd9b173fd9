"""The entry that a post becomes which was held, or refused, and may stand after all."""

from folkmoot_governance import GroupState
from folkmoot_governance.group.mentions import find_mentions
from folkmoot_protocol.types import Author, Entry, Role

from ...sealed.held_posts import HeldText
from ...storage.change_set import ChangeSet, NewEntry
from ...storage.changes import remove_held_text


def post_held(change_set: ChangeSet, state: GroupState, user: str, name: str, number: int, text: HeldText) -> None:
    """Post what was kept under a number in its author's name, at the time of the change set's last event."""
    by = Author(user, name, state.role_of(user) or Role.MEMBER, tuple(state.tags_of(user)))
    mentions = find_mentions(text.body, state.members)
    data = {**text.data, "mentions": list(mentions)} if mentions else text.data
    entry = Entry(
        seq=0,
        ts=change_set.events[-1].at,
        kind=text.kind,
        from_=by,
        body=text.body,
        reply_to=text.reply_to,
        target=text.target,
        data=data or None,
    )
    change_set.entries = [*change_set.entries, NewEntry(entry)]
    change_set.rows = [*change_set.rows, remove_held_text(state.code, number)]
