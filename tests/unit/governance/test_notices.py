import pytest

from folkmoot_governance.group import events as e
from folkmoot_governance.notices import TELLINGS, event_fields
from tests.builders.rules import NOW, SOON, any_event, tell_event


def test_a_notice_names_actor_target_and_end_and_nothing_of_what_was_before() -> None:
    event = e.MemberBanned(
        at=NOW, by="adam", user="mia", until_ms=SOON, reason="spam", was_until_ms=NOW + 1, was_reason="older"
    )
    assert tell_event(event) == f"@adam banned @mia <{SOON}>"
    assert event_fields(event) == {
        "event": "banned",
        "by": "adam",
        "user": "mia",
        "until_ms": SOON,
        "reason": "spam",
    }


def test_which_of_the_staff_took_a_measure_stays_inside() -> None:
    measures = [
        e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason="spam"),
        e.GroupRestored(at=NOW, by="sue", reason="mended"),
        e.GroupClosed(at=NOW, by="sue", reason="unlawful"),
    ]
    for event in measures:
        assert "by" not in event_fields(event)
        assert "sue" not in tell_event(event)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (e.TopicSet(at=NOW, by="olga", topic="tea", was=""), "@olga set the topic: tea"),
        (e.TopicSet(at=NOW, by="olga", topic="", was="tea"), "@olga removed the topic"),
        (e.SlowModeSet(at=NOW, by="olga", slow_ms=0), "@olga ended slow mode"),
        (e.TagSet(at=NOW, by="olga", user="max", tag=""), "@olga removed the tag of @max"),
        (e.JoinRequestEnded(at=NOW, by="olga", user="gus"), "@olga declined the request of @gus to join"),
        (e.JoinRequestEnded(at=NOW, by="gus", user="gus"), "@gus took back the request to join"),
        (e.RulesSet(at=NOW, by="olga", rules=""), "@olga removed the group's rules"),
        (
            e.InvitationsLapsed(at=NOW, by="", user="adam", users=(), code_ids=("1",)),
            "The invite codes by @adam are void",
        ),
        (
            e.QuestionSet(at=NOW, by="olga", question="", answers=()),
            "@olga removed the question for newcomers",
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_taken_away_is_told_as_that(event: e.Event, told: str) -> None:
    assert tell_event(event) == told


NOBODYS = {
    e.PostRefuted,
    e.RefutationWithdrawn,
    e.ChannelReviewed,
    e.CredentialGranted,
    e.CredentialRevoked,
    e.CredentialsEnded,
    e.GroupSuspended,
    e.GroupRestored,
    e.GroupRestricted,
    e.GroupRestrictionEnded,
    e.GroupClosed,
    e.LimitGranted,
    e.LimitDenied,
    e.LimitWithdrawn,
    e.JoinRequestsClosed,
    e.InvitationsLapsed,
    e.ContentRefused,
    e.ContentHeld,
    e.ContentFlagged,
    e.GroupGraded,
    e.RaidNoticed,
    e.OwnerReplaced,
    e.OwnerMissing,
    e.OwnershipReturned,
    e.MemberDeparted,
    e.AntiraidLapsed,
    e.GroupWarned,
    e.RectificationAccepted,
    e.RectificationRejected,
    e.MendingDueSoon,
    e.MendingOverdue,
    e.InspectionDueSoon,
    e.InspectionOverdue,
    e.KeptLonger,
    e.KeptLetGo,
    e.EntriesRemoved,
    e.HeldReleased,
    e.HeldRejected,
    e.TextRemoved,
    e.MeasureOverturned,
    e.BansEnded,
    e.MutesEnded,
    e.LockEnded,
    e.SuspensionEnded,
    e.WarningsExpired,
    e.RequestsExpired,
    e.InvitationsExpired,
    e.TransferExpired,
}


@pytest.mark.parametrize("kind", TELLINGS, ids=lambda kind: kind.__name__)
def test_whose_act_is_not_told(kind: type[e.Event]) -> None:
    """Measures of the platform, and what ends or is noticed by itself."""
    fields = event_fields(any_event(kind))
    assert ("by" in fields) is (kind not in NOBODYS)
    assert not fields.keys() & {"at", "answers"}
    assert fields["event"] == kind.__struct_config__.tag


def test_what_may_be_empty_says_so() -> None:
    empty = {
        e.MemberJoined: "giver",
        e.InvitationsLapsed: "users",
        e.QuestionSet: "question",
        e.SlowModeSet: "slow_ms",
        e.TagSet: "tag",
        e.TopicSet: "topic",
        e.MeasureOverturned: "reopens",
        e.RulesSet: "rules",
        e.HeldReleased: "to_admins",
        e.ContentFlagged: "seq",
        e.CommentsSet: "seq",
    }
    assert {kind: telling.field for kind, telling in TELLINGS.items() if telling.field} == empty
    assert all(TELLINGS[kind].unset for kind in empty)
