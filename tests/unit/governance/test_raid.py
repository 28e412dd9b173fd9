"""What a raid looks like, and what it does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import SERVICE, GroupState, Policy, check_post
from folkmoot_governance.duration import FOREVER_MS, MINUTE_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_governance.raid import LONGEST_TEXT, MAX_TEXTS, RaidWatch, fingerprint
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity, JoinMode
from tests.builders.rules import NOW, POLICY, ask, code_of, do, make_group

TEXT = "Come to our channel, all of you"


def posted(watch: RaidWatch, user: str, text: str = TEXT, ts: int = NOW) -> bool:
    return watch.posted(user, text, ts, POLICY)


def test_one_text_by_two_is_a_raid_at_the_third_post() -> None:
    watch = RaidWatch()
    assert [posted(watch, user, ts=NOW + at) for at, user in enumerate(["a", "a", "b"])] == [False, False, True]


def test_one_account_alone_is_no_raid() -> None:
    watch = RaidWatch()
    assert not any(posted(watch, "a", ts=NOW + at) for at in range(50))


def test_what_is_a_minute_old_counts_no_more() -> None:
    watch = RaidWatch()
    assert not posted(watch, "a", ts=NOW)
    assert not posted(watch, "b", ts=NOW + 1)
    assert not posted(watch, "c", ts=NOW + MINUTE_MS)
    assert posted(watch, "d", ts=NOW + MINUTE_MS)


def test_what_is_told_twice_counts_once() -> None:
    watch = RaidWatch()
    assert not any(posted(watch, user, ts=NOW) for user in "aabb")
    assert posted(watch, "a", ts=NOW + 1)


@pytest.mark.parametrize(
    "other",
    [
        "COME to our channel -- all of you!!!",
        "come 2 to our ch4nnel all of you".replace("4", "a"),
        "Come to our channel, all of you",
    ],
)
def test_disguises_are_seen_through(other: str) -> None:
    assert fingerprint(other) == fingerprint(TEXT)


@pytest.mark.parametrize("text", ["hi", "same here", "12345678901234567890", "你好你好你好你", "!" * 50])
def test_short_texts_do_not_count(text: str) -> None:
    assert fingerprint(text) == ""


def test_eight_chinese_characters_say_enough() -> None:
    assert fingerprint("加群领取免费红包！") == "加群领取免费红包"


def test_a_wave_of_joins() -> None:
    watch, policy = RaidWatch(), Policy(raid_joins=5)
    assert [watch.joined(user, NOW, policy) for user in "abcda"] == [False] * 5
    assert watch.joined("e", NOW + MINUTE_MS - 1, policy)
    assert not watch.joined("f", NOW + 2 * MINUTE_MS, policy)


def test_an_operator_may_switch_it_off() -> None:
    watch, policy = RaidWatch(), Policy(raid_joins=0, raid_repeats=0)
    assert not any(
        watch.joined(str(one), NOW, policy) or watch.posted(str(one), TEXT, NOW, policy) for one in range(99)
    )


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.text(max_size=300), st.integers(0, 3 * MINUTE_MS))))
def test_memory_is_bounded(told: list[tuple[str, str, int]]) -> None:
    watch, policy = RaidWatch(), Policy(raid_joins=4)
    for user, text, later in told:
        for number in range(3):
            posted(watch, user, f"{text} the same words and more {chr(97 + number) * 5}", NOW + later)
        watch.joined(user, NOW + later, policy)
    assert len(watch.posts) <= MAX_TEXTS
    assert all(len(one) <= 2 * POLICY.raid_repeats for one in watch.posts.values())
    assert len(watch.joins) <= 2 * policy.raid_joins


def test_the_texts_not_heard_for_longest_are_forgotten() -> None:
    watch = RaidWatch()
    for number in range(MAX_TEXTS + 10):
        posted(watch, "a", f"{TEXT} {chr(0x4E00 + number)}", NOW + number)
        posted(watch, "a", TEXT, NOW + number)
    assert len(watch.posts) == MAX_TEXTS
    assert fingerprint(TEXT) in watch.posts


def may_post(state: GroupState, user: str, now: int = NOW) -> ErrorCode | None:
    return code_of(check_post(state, user, Identity.NONE, now, 0, POLICY))


def raided(**founding: object) -> GroupState:
    """Return a group in which the raid of `fay` and `fox` was noticed; `mia` came long before."""
    old = NOW - POLICY.newcomer_ms
    state = make_group(
        *[
            e.MemberJoined(at=at, by=one, user=one, via="open")
            for one, at in (("ivy", old - 1), ("fay", old), ("fox", NOW))
        ],
        **founding,
    )
    do(state, c.RaiseAlarm("text"), SERVICE.user)
    return state


def test_newcomers_are_silent_for_a_while_and_nobody_else() -> None:
    state = raided()
    end = NOW + POLICY.antiraid_ms
    assert {user: may_post(state, user) for user in ("fay", "fox", "ivy", "olga")} == {
        "fay": ErrorCode.GROUP_MUTED,
        "fox": ErrorCode.GROUP_MUTED,
        "ivy": None,
        "olga": None,
    }
    assert may_post(state, "fox", end - 1) == ErrorCode.GROUP_MUTED
    assert may_post(state, "fox", end) is None


def test_who_was_promoted_may_post() -> None:
    state = raided()
    do(state, c.Promote("fox", permissions=frozenset()), "olga")
    assert may_post(state, "fox") is None


def test_joining_takes_approval_meanwhile_and_who_is_let_in_may_post() -> None:
    state = raided()
    (asked,) = do(state, c.JoinGroup(), "gus", NOW + 1)
    assert isinstance(asked, e.JoinRequested)
    do(state, c.Invite("ida"), "olga", NOW + 1)
    do(state, c.JoinGroup(), "ida", NOW + 2)
    assert may_post(state, "ida", NOW + 2) is None
    (joined,) = do(state, c.JoinGroup(), "late", NOW + POLICY.antiraid_ms)
    assert isinstance(joined, e.MemberJoined)


def test_a_member_who_may_be_a_raider_invites_nobody() -> None:
    assert code_of(ask(raided(), c.Invite("gus"), "fox")) == ErrorCode.FORBIDDEN
    assert code_of(ask(raided(), c.Invite("gus"), "fox", NOW + POLICY.antiraid_ms)) is None


def test_by_hand_for_as_long_as_one_says() -> None:
    state = make_group(join_mode=JoinMode.OPEN)
    (event,) = do(state, c.SetAntiraid(MINUTE_MS), "adam")
    assert (event.until_ms, event.newcomers_ms) == (NOW + MINUTE_MS, NOW - POLICY.newcomer_ms)
    (longer,) = do(state, c.SetAntiraid(FOREVER_MS, replaces=True), "adam", NOW + 1)
    assert longer.until_ms == FOREVER_MS
    assert (state.antiraid_from_ms, state.antiraid_since_ms) == (event.newcomers_ms, NOW)
    (by_default,) = do(state, c.SetAntiraid(replaces=True), "adam", NOW + 1)
    assert by_default.until_ms == NOW + 1 + POLICY.antiraid_ms


def test_the_service_does_not_insist() -> None:
    state = raided()
    alarm = c.RaiseAlarm("joins")
    assert ask(state, alarm, SERVICE.user) == []
    do(state, c.EndAntiraid(), "adam")
    assert code_of(ask(state, c.EndAntiraid(), "adam")) == ErrorCode.CONFLICT
    assert ask(state, alarm, SERVICE.user, NOW + POLICY.antiraid_ms - 1) == []
    assert len(ask(state, alarm, SERVICE.user, NOW + POLICY.antiraid_ms)) == 1


def test_nobody_but_the_service_raises_the_alarm() -> None:
    assert code_of(ask(make_group(), c.RaiseAlarm("joins"), "olga")) == ErrorCode.FORBIDDEN


def test_its_end_is_told_and_a_raid_that_goes_on_is_noticed_again() -> None:
    state = raided()
    end = NOW + POLICY.antiraid_ms
    assert do(state, c.EndMeasures(), SERVICE.user, end - 1) == []
    assert do(state, c.EndMeasures(), SERVICE.user, end) == [e.AntiraidLapsed(at=end, by="")]
    assert len(ask(state, c.RaiseAlarm("text"), SERVICE.user, end)) == 1


def test_an_alarm_is_raised_at_once_where_none_was_ever_ended() -> None:
    state = make_group(e.AntiraidSet(at=NOW, by="olga", newcomers_ms=NOW, until_ms=NOW + 10))
    assert ask(state, c.RaiseAlarm("text"), SERVICE.user, NOW + 9) == []
    (event,) = ask(state, c.RaiseAlarm("text"), SERVICE.user, NOW + 10)  # type: ignore[misc]
    assert isinstance(event, e.RaidNoticed), "that it ran out was nobody's wish"


def test_no_alarm_is_raised_for_a_group_that_is_closed() -> None:
    assert ask(make_group(e.GroupDissolved(at=NOW, by="olga")), c.RaiseAlarm("text"), SERVICE.user) == []


def test_only_the_beginning_of_a_text_counts() -> None:
    assert fingerprint("a" * LONGEST_TEXT + "b") == fingerprint("a" * LONGEST_TEXT + "c") == "a" * LONGEST_TEXT


def test_a_text_is_long_enough_from_sixteen_letters_or_eight_signs_on() -> None:
    assert [fingerprint("a" * length) != "" for length in (15, 16)] == [False, True]
    assert [fingerprint("\u4f60" * length) != "" for length in (7, 8)] == [False, True]
    assert fingerprint("\u2e7f" * 8) == fingerprint("\u2e80" * 8) == "", "what is no letter counts not at all"
    assert fingerprint("\u2d80" * 8) == "" != fingerprint("\u3041" * 8), "Ethiopic is an alphabet, kana count twice"


def test_the_text_that_was_not_heard_for_longest_is_forgotten_first() -> None:
    watch = RaidWatch()
    texts = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}" * 9 for number in range(MAX_TEXTS + 1)]
    for text in texts[:MAX_TEXTS]:
        posted(watch, "a", text)
    posted(watch, "a", texts[0], NOW + 1)
    posted(watch, "a", texts[-1])
    assert len(watch.posts) == MAX_TEXTS
    assert (texts[0] in watch.posts, texts[1] in watch.posts) == (True, False)


def test_of_one_text_no_more_is_kept_than_can_count() -> None:
    watch = RaidWatch()
    for at in range(50):
        posted(watch, "a", ts=NOW + at)
    ((_, told),) = watch.posts.items()
    assert len(told) == 2 * POLICY.raid_repeats


def test_where_the_operator_wants_no_alarm_nothing_is_kept() -> None:
    watch = RaidWatch()
    quiet = Policy(raid_joins=0, raid_repeats=0)
    assert not watch.posted("a", TEXT, NOW, quiet) and not watch.joined("a", NOW, quiet)
    assert (watch.posts, len(watch.joins)) == ({}, 0)


def test_many_who_come_in_within_a_minute_are_a_wave_each_counted_once() -> None:
    watch, policy = RaidWatch(), Policy(raid_joins=3)
    assert not watch.joined("a", NOW, policy)
    assert not watch.joined("a", NOW + 1, policy)
    assert not watch.joined("b", NOW + MINUTE_MS, policy), "the first is a minute old"
    assert watch.joined("c", NOW + MINUTE_MS, policy)
