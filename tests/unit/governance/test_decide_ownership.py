from folkmoot_governance import ALL_PERMISSIONS, GroupState, Permission, Policy
from folkmoot_governance.group import commands as c
from folkmoot_governance.group import events as e
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import GroupStatus, Identity, Role
from tests.builders.rules import NOW, POLICY, SOON, ask, code_of, do, make_group, roles

SOME = frozenset({Permission.KICK, Permission.BAN})


def test_promoting_gives_what_was_named() -> None:
    state = make_group()
    (event,) = do(state, c.Promote("mia", permissions=SOME), "olga")
    assert event == e.MemberPromoted(at=NOW, by="olga", user="mia", permissions=(Permission.BAN, Permission.KICK))
    assert (state.members["mia"].role, state.members["mia"].permissions) == (Role.ADMIN, SOME)


def test_who_can_be_promoted() -> None:
    assert code_of(ask(make_group(), c.Promote("gus", permissions=SOME), "olga")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(make_group(), c.Promote("adam", permissions=SOME), "olga")) == ErrorCode.CONFLICT


def test_admins_are_bounded() -> None:
    promote = c.Promote("mia", permissions=SOME)
    assert code_of(ask(make_group(), promote, "olga", policy=Policy(admins_per_group=2))) is None
    assert code_of(ask(make_group(), promote, "olga", policy=Policy(admins_per_group=1))) == ErrorCode.CONFLICT


def test_changing_what_an_admin_may_do() -> None:
    state = make_group()
    do(state, c.SetPermissions("adam", permissions=SOME), "olga")
    assert state.members["adam"].permissions == SOME
    assert code_of(ask(state, c.SetPermissions("mia", permissions=SOME), "olga")) == ErrorCode.CONFLICT


def test_demoting_takes_all_permissions() -> None:
    state = make_group()
    do(state, c.Demote("adam"), "olga")
    assert (state.members["adam"].role, state.members["adam"].permissions) == (Role.MEMBER, frozenset())
    assert code_of(ask(state, c.Demote("adam"), "olga")) == ErrorCode.CONFLICT
    assert code_of(ask(state, c.Demote("gus"), "olga")) == ErrorCode.NO_SUCH_USER


def test_tags() -> None:
    state = make_group()
    do(state, c.SetTag("olga", tag="boss"), "olga")
    assert state.members["olga"].tag == "boss"
    do(state, c.SetTag("olga", tag=""), "olga")
    assert state.members["olga"].tag == ""
    assert code_of(ask(state, c.SetTag("gus", tag="x"), "olga")) == ErrorCode.NO_SUCH_USER


def offered(to: str = "mia", *later: e.Event) -> GroupState:
    return make_group(e.TransferOffered(at=NOW, by="olga", user=to, until_ms=SOON), *later)


def test_who_has_as_many_as_they_may_have_takes_over_no_more() -> None:
    assert code_of(ask(offered(), c.AcceptTransfer(have=2, limit=2), "mia")) == ErrorCode.CHANNEL_QUOTA
    for limit in (3, 0):
        assert code_of(ask(offered(), c.AcceptTransfer(have=2, limit=limit), "mia")) is None


def test_a_transfer_takes_two() -> None:
    state = make_group()
    do(state, c.OfferTransfer("mia"), "olga")
    assert state.heir_until_ms == NOW + POLICY.transfer_ms
    assert state.owner == "olga"
    do(state, c.AcceptTransfer(), "mia")
    assert state.owner == "mia"
    assert roles(state) == {"olga": Role.ADMIN, "adam": Role.ADMIN, "mia": Role.OWNER, "max": Role.MEMBER}
    assert state.members["olga"].permissions == ALL_PERMISSIONS
    assert state.heir == ""


def test_an_owner_is_not_muted() -> None:
    state = offered("mia", e.MemberMuted(at=NOW, by="olga", user="mia", until_ms=SOON))
    do(state, c.AcceptTransfer(), "mia")
    assert state.mutes == {}


def test_only_the_heir_accepts_and_in_time() -> None:
    assert code_of(ask(offered(), c.AcceptTransfer(), "max")) == ErrorCode.CONFLICT
    assert code_of(ask(offered(), c.AcceptTransfer(), "mia", SOON)) == ErrorCode.CONFLICT
    assert code_of(ask(offered(), c.AcceptTransfer(), "mia", SOON - 1)) is None


def test_the_heir_must_be_fit_to_own_a_group() -> None:
    policy = Policy(to_create_group=Identity.PERSON)
    accept = c.AcceptTransfer()
    low, enough = Identity.MOBILE, Identity.PERSON
    assert code_of(ask(offered(), accept, "mia", policy=policy, identity=low)) == ErrorCode.IDENTITY_REQUIRED
    assert code_of(ask(offered(), accept, "mia", policy=policy, identity=enough)) is None


def test_the_old_owner_needs_a_seat_among_the_admins() -> None:
    one = Policy(admins_per_group=1)
    assert code_of(ask(make_group(), c.OfferTransfer("mia"), "olga", policy=one)) == ErrorCode.CONFLICT
    assert code_of(ask(offered(), c.AcceptTransfer(), "mia", policy=one)) == ErrorCode.CONFLICT
    assert code_of(ask(make_group(), c.OfferTransfer("adam"), "olga", policy=one)) is None
    assert code_of(ask(offered("adam"), c.AcceptTransfer(), "adam", policy=one)) is None


def test_where_no_admins_are_allowed_an_owner_can_still_hand_over() -> None:
    state = make_group(e.MemberDemoted(at=NOW, by="olga", user="adam"))
    assert code_of(ask(state, c.OfferTransfer("mia"), "olga", policy=Policy(admins_per_group=0))) is None


def test_offers_go_to_members_and_a_new_one_replaces_the_open_one() -> None:
    state = offered()
    assert code_of(ask(state, c.OfferTransfer("gus"), "olga")) == ErrorCode.NO_SUCH_USER
    assert code_of(ask(state, c.OfferTransfer("olga"), "olga")) == ErrorCode.FORBIDDEN
    do(state, c.OfferTransfer("max"), "olga")
    assert state.heir == "max"


def test_withdrawing_an_offer() -> None:
    state = offered()
    assert code_of(ask(state, c.WithdrawTransfer(), "olga", SOON)) == ErrorCode.CONFLICT
    assert do(state, c.WithdrawTransfer(), "olga") == [e.TransferWithdrawn(at=NOW, by="olga", user="mia")]
    assert code_of(ask(state, c.WithdrawTransfer(), "olga")) == ErrorCode.CONFLICT


def test_dissolving_asks_for_the_code_first() -> None:
    state = make_group()
    assert code_of(ask(state, c.Dissolve(), "olga")) == ErrorCode.CONFIRM_REQUIRED
    assert code_of(ask(state, c.Dissolve("482190673353"), "olga")) == ErrorCode.CONFIRM_REQUIRED
    do(state, c.Dissolve(state.code), "olga")
    assert state.status is GroupStatus.CLOSED


def test_no_offer_is_open_where_none_was_made() -> None:
    state = make_group()
    state.heir_until_ms = SOON
    assert code_of(ask(state, c.WithdrawTransfer(), "olga")) == ErrorCode.CONFLICT
