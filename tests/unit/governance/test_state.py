from folkmoot_governance import Permission, case_number, replay
from folkmoot_governance.group import events as e
from folkmoot_protocol.types import GroupStatus
from tests.builders.rules import NOW, SOON, group_created, make_group


def test_in_a_new_group_nothing_ends_waits_or_is_counted() -> None:
    state = replay([group_created()])
    numbers = {name: value for name in state.__struct_fields__ if isinstance(value := getattr(state, name), int)}
    assert {name for name, value in numbers.items() if value} == {"created_ts", "member_limit", "version"}
    assert state.version == 1, "the number of its events"


def test_a_suspension_ends_by_itself() -> None:
    state = make_group(e.GroupSuspended(at=NOW, by="sue", until_ms=SOON, reason=""))
    assert state.standing(SOON - 1) is GroupStatus.SUSPENDED
    assert state.standing(SOON) is GroupStatus.ACTIVE


def test_who_holds_a_permission() -> None:
    state = make_group(permissions=(Permission.KICK,))
    held = {user: state.holds(user, Permission.KICK) for user in ("olga", "adam", "mia", "gus")}
    assert held == {"olga": True, "adam": True, "mia": False, "gus": False}
    assert state.holds("olga", Permission.BAN)
    assert not state.holds("adam", Permission.BAN)


def test_bans_and_mutes_end() -> None:
    state = make_group(
        e.MemberBanned(at=NOW, by="olga", user="gus", until_ms=SOON, reason="spam"),
        e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON),
    )
    ban, mute = state.ban_of("gus", SOON - 1), state.mute_of("mia", SOON - 1)
    assert ban is not None and (ban.by, ban.reason, ban.case) == ("olga", "spam", "482190673352-6")
    assert mute is not None and mute.case == case_number(state.code, 7)
    assert state.ban_of("gus", SOON) is None
    assert state.mute_of("mia", SOON) is None
    assert state.ban_of("mia", NOW) is None


def test_tags() -> None:
    state = make_group(
        e.TagSet(at=NOW, by="olga", user="mia", tag="poet"),
        e.TagSet(at=NOW, by="olga", user="olga", tag="boss"),
    )
    assert state.tags_of("olga") == ["creator", "boss"]
    assert state.tags_of("mia") == ["poet"]
    assert state.tags_of("max") == []
    assert state.tags_of("gus") == []


def test_the_creator_stays_the_creator_after_a_transfer() -> None:
    state = make_group(e.OwnershipTransferred(at=NOW, by="mia", user="mia", previous="olga"))
    assert state.tags_of("olga") == ["creator"]
    assert (state.creator, state.owner) == ("olga", "mia")
