"""What entry tells the group of an event, and from whom."""

from collections.abc import Mapping

import pytest

from folkmoot_governance import GroupState
from folkmoot_governance.group import events as e
from folkmoot_governance.notice_entry import PLATFORM, author_of, data_of, is_told, notice_of
from folkmoot_governance.notices import TELLINGS
from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from tests.builders.rules import NOW, SOON, any_event, make_group

CASE = "482190673352-9"
UNTOLD = {
    e.MendingDueSoon,
    e.MendingOverdue,
    e.InspectionDueSoon,
    e.InspectionOverdue,
    e.KeptLonger,
    e.KeptLetGo,
    e.JoinRequested,
    e.JoinRequestEnded,
    e.Invited,
    e.RejoinBarred,
    e.InvitationRevoked,
    e.InvitationsLapsed,
    e.JoinRequestsClosed,
    e.InviteCodeMade,
    e.InviteCodeUsed,
    e.InviteCodeRevoked,
    e.NoteWritten,
    e.NotesCleared,
    e.ContentRefused,
    e.ContentHeld,
    e.ContentFlagged,
    e.HeldApproved,
    e.HeldDenied,
    e.HeldReleased,
    e.HeldRejected,
    e.FlagCleared,
    e.WordAdded,
    e.WordRemoved,
    e.WarningsExpired,
    e.RequestsExpired,
    e.InvitationsExpired,
}
"""What is between admins, or between the group and one person."""


def say(text: str, fields: Mapping[str, object]) -> str:
    shown = {name.removesuffix("_ms"): value for name, value in fields.items()}
    return text.format(**{**shown, **fields})


def told(event: e.Event, state: GroupState | None = None) -> Entry:
    author = author_of(state or make_group(), event, event.by.title())
    entry = notice_of(event, case=CASE, author=author, say=say)
    assert entry is not None
    return entry


@pytest.mark.parametrize("kind", TELLINGS, ids=lambda kind: kind.__name__)
def test_what_the_group_hears_of(kind: type[e.Event]) -> None:
    assert is_told(any_event(kind)) is (kind not in UNTOLD)


def test_what_is_no_event_is_not_told() -> None:
    assert not is_told(object())
    invited = e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON)
    assert notice_of(invited, case=CASE, author=Author("olga", "Olga", Role.OWNER, ()), say=say) is None


def test_a_notice_is_from_who_did_it_with_role_and_tags() -> None:
    state = make_group(e.TagSet(at=NOW, by="olga", user="olga", tag="cook"))
    entry = told(e.TopicSet(at=NOW, by="olga", topic="Tea", was=""), state)
    assert entry == Entry(
        seq=0,
        ts=NOW,
        kind=EntryKind.NOTICE,
        from_=Author("olga", "Olga", Role.OWNER, ("creator", "cook")),
        body="@olga set the topic: Tea",
        data={"event": "topic_changed", "by": "olga", "topic": "Tea", "was": "", "case": CASE},
    )
    assert author_of(state, e.MemberLeft(at=NOW, by="gus", user="gus"), "Gus") == Author("gus", "Gus", Role.MEMBER, ())


def test_a_measure_of_the_platform_is_from_the_platform() -> None:
    entry = told(e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="spam"))
    assert entry.from_ == Author(PLATFORM, "", Role.MEMBER)
    assert (entry.body, "by" in (entry.data or {})) == (f"The platform suspended the group {SOON}: spam", False)


def test_an_announcement_speaks_for_itself() -> None:
    entry = told(e.AnnouncementSet(at=NOW, by="olga", announcement="Tea at five."))
    assert (entry.kind, entry.body, entry.target) == (EntryKind.ANNOUNCEMENT, "Tea at five.", None)


def test_a_deletion_names_its_entry_and_a_purge_names_them_in_its_data() -> None:
    deleted = told(e.EntryDeleted(at=NOW, by="adam", user="mia", seq=7, reason="spam"))
    assert (deleted.kind, deleted.target) == (EntryKind.REDACTION, 7)
    purged = told(e.EntriesPurged(at=NOW, by="adam", seqs=(4, 5), count=2, users=("mia",)))
    assert (purged.kind, purged.target, (purged.data or {})["seqs"]) == (EntryKind.REDACTION, None, [4, 5])


def test_what_is_sent_now_is_what_history_reads_back() -> None:
    event = e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=())
    assert data_of(event, CASE) == {"event": "promoted", "by": "olga", "user": "mia", "permissions": [], "case": CASE}
