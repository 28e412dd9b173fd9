import pytest

from folkmoot_governance import GroupState, Permission, Policy, Refusal
from folkmoot_governance.duration import FOREVER_MS
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, EntryKind, JoinMode
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, tell_refusal


def test_a_ban_removes_and_keeps_out_members_and_strangers() -> None:
    state = make_group(
        e.JoinRequested(at=NOW, by="gus", user="gus", until_ms=SOON),
        e.Invited(at=NOW, by="olga", user="gus", until_ms=SOON),
        join_mode=JoinMode.APPROVAL,
    )
    do(state, c.BanMember("mia", duration_ms=60_000), "adam")
    do(state, c.BanMember("gus", duration_ms=FOREVER_MS), "adam")
    assert "mia" not in state.members
    assert (state.requests, state.invitations) == ({}, {})
    assert {user: ban.until_ms for user, ban in state.bans.items()} == {"mia": SOON, "gus": FOREVER_MS}


def test_bans_in_force_are_bounded() -> None:
    policy = Policy(bans_per_group=1)
    state = make_group(e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON))
    again, other = c.BanMember("gus", duration_ms=1, replaces=True), c.BanMember("ida", duration_ms=1)
    assert code_of(ask(state, again, "adam", policy=policy)) is None
    assert code_of(ask(state, other, "adam", policy=policy)) == ErrorCode.CONFLICT
    assert code_of(ask(state, other, "adam", SOON, policy)) is None


def test_an_expired_ban_gives_no_right_to_a_new_one_over_the_bound() -> None:
    policy = Policy(bans_per_group=1)
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON),
        e.MemberBanned(at=NOW, by="olga", user="ida", until_ms=FOREVER_MS),
    )
    assert code_of(ask(state, c.BanMember("gus", duration_ms=1), "adam", SOON, policy)) == ErrorCode.CONFLICT


def test_lifting_a_ban() -> None:
    state = make_group(e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON))
    assert code_of(ask(state, c.Unban("gus"), "adam", SOON)) == ErrorCode.CONFLICT
    do(state, c.Unban("gus"), "adam")
    assert state.bans == {}
    assert code_of(ask(state, c.Unban("gus"), "adam")) == ErrorCode.CONFLICT


def test_a_mute_survives_leaving_and_coming_back() -> None:
    state = make_group()
    do(state, c.MuteMember("mia", duration_ms=60_000, reason="loud"), "adam")
    do(state, c.LeaveGroup(), "mia")
    do(state, c.JoinGroup(), "mia")
    assert state.mute_of("mia", NOW) is not None
    do(state, c.Unmute("mia"), "adam")
    assert state.mutes == {}


def test_muting_needs_a_member_and_unmuting_a_mute() -> None:
    state = make_group(e.MemberMuted(at=NOW, by="olga", user="max", until_ms=SOON))
    assert code_of(ask(state, c.MuteMember("gus", duration_ms=1), "adam")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(state, c.Unmute("mia"), "adam")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Unmute("max"), "adam", SOON)) == ErrorCode.CONFLICT


def test_an_admin_cannot_unmute_an_equal() -> None:
    state = make_group(
        e.MemberPromoted(at=NOW, by="olga", user="max", permissions=(Permission.MUTE,)),
        e.MemberMuted(at=NOW, by="olga", user="max", until_ms=SOON),
    )
    assert code_of(ask(state, c.Unmute("max"), "adam")) == ErrorCode.OUTRANKED
    assert code_of(ask(state, c.Unmute("max"), "max")) == ErrorCode.FORBIDDEN


def test_locking_and_unlocking() -> None:
    state = make_group()
    assert code_of(ask(state, c.Unlock(), "adam")) == ErrorCode.CONFLICT
    do(state, c.Lock(60_000), "adam")
    assert state.locked_until_ms == SOON
    assert code_of(ask(state, c.Unlock(), "adam", SOON)) == ErrorCode.CONFLICT
    do(state, c.Unlock(), "adam")
    assert state.locked_until_ms == 0


@pytest.mark.parametrize(
    ("slow", "fits"), [(-1, False), (0, True), (POLICY.slow_max_ms, True), (POLICY.slow_max_ms + 1, False)]
)
def test_slow_mode_has_a_longest(slow: int, fits: bool) -> None:
    assert code_of(ask(make_group(), c.SetSlow(slow), "adam")) == (None if fits else ErrorCode.BAD_REQUEST)


def delete(state: GroupState, by: str, **entry: object) -> ErrorCode | None:
    return code_of(ask(state, c.DeleteEntry(**{"user": "mia", "seq": 7, "ts": NOW, **entry}), by))


def test_who_deletes_whose_entry() -> None:
    state = make_group()
    assert delete(state, "mia") is None
    assert delete(state, "max") == ErrorCode.FORBIDDEN
    assert delete(state, "adam", ts=0) is None
    assert delete(state, "adam", user="olga") == ErrorCode.OUTRANKED
    assert delete(state, "adam", user="gone") is None
    assert delete(state, "gus", user="gus") == ErrorCode.NOT_A_MEMBER


def test_ones_own_entry_is_deletable_for_a_while() -> None:
    last = NOW - POLICY.delete_own_ms
    assert delete(make_group(), "mia", ts=last) is None
    assert delete(make_group(), "mia", ts=last - 1) == ErrorCode.FORBIDDEN
    assert delete(make_group(permissions=()), "adam", user="adam", ts=last - 1) == ErrorCode.FORBIDDEN
    assert delete(make_group(), "adam", user="adam", ts=last - 1) is None


@pytest.mark.parametrize("kind", EntryKind)
def test_the_groups_own_record_is_not_deletable(kind: EntryKind) -> None:
    deletable = kind in SAID or kind is EntryKind.REACTION
    assert delete(make_group(), "olga", kind=kind) == (None if deletable else ErrorCode.FORBIDDEN)


def test_an_entry_is_deleted_once() -> None:
    refusal = ask(make_group(), c.DeleteEntry("mia", seq=7, ts=NOW, redacted=True), "adam")
    assert isinstance(refusal, Refusal)
    assert tell_refusal(refusal) == "Entry #7 is deleted already."


def test_a_deletion_is_an_event_that_leaves_the_group_as_it_was() -> None:
    state = make_group()
    before = state.version
    assert do(state, c.DeleteEntry("mia", seq=7, ts=NOW, reason="spam"), "adam") == [
        e.EntryDeleted(at=NOW, by="adam", user="mia", seq=7, reason="spam")
    ]
    assert state.version == before + 1
