import pytest

from folkmoot_governance.group import events as e
from folkmoot_governance.notices import event_fields
from tests.builders.rules import NOW, SOON, tell_event


def test_a_notice_names_actor_target_and_end_and_how_to_undo_it() -> None:
    event = e.MemberBanned(at=NOW, by="adam", user="mia", until_ms=SOON, reason="spam")
    assert tell_event(event) == (f"@adam banned @mia <{SOON}>", "/unban @mia")
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
        assert "sue" not in tell_event(event)[0]


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (e.TopicSet(at=NOW, by="olga", topic="tea", was=""), ("@olga set the topic: tea", "/topic")),
        (e.TopicSet(at=NOW, by="olga", topic="", was="tea"), ("@olga took away the topic", "/topic tea")),
        (e.SlowModeSet(at=NOW, by="olga", slow_ms=0), ("@olga ended slow mode", "/slow off")),
        (e.TagSet(at=NOW, by="olga", user="max", tag=""), ("@olga took away the tag of @max", "/tag @max")),
        (e.RulesSet(at=NOW, by="olga", rules=""), ("@olga took away the group's rules", "/setrules")),
        (
            e.QuestionSet(at=NOW, by="olga", question="", answers=()),
            ("@olga took away the question at the door", "/question off"),
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_taken_away_is_told_as_that(event: e.Event, told: tuple[str, str]) -> None:
    assert tell_event(event) == told
