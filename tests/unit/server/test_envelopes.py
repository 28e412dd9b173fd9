"""What a node believes of the bus: news under the nodes' key, once, on their own subject, and not long after."""

import msgspec
import pytest

from folkmoot_governance import PlatformRole
from folkmoot_governance.account import RoleGranted
from folkmoot_server.bus import envelopes as envelopes_module
from folkmoot_server.bus.envelopes import FORGED, FRESH_MS, MAC_BYTES, ODD, REPEATED, STALE, WINDOW, Envelopes, Refused
from folkmoot_server.bus.messages import AccountUpdate, BusMessage, TypingUpdate, topic_of
from tests.builders.rules import NOW

KEY = bytes(range(32))
GRANT = AccountUpdate("mallory", 2, (RoleGranted(at=NOW, by="root", role=PlatformRole.SUPERADMIN, reason="r"),))
TYPING = TypingUpdate("482190673352", "bob")
SUBJECT = topic_of(TYPING)


class Time:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def ours(time: Time) -> Envelopes:
    return Envelopes(KEY, "ours", time)


@pytest.fixture
def theirs(time: Time) -> Envelopes:
    return Envelopes(KEY, "theirs", time)


def seal(sender: Envelopes, message: BusMessage = TYPING) -> bytes:
    return sender.seal(topic_of(message), [msgspec.msgpack.encode(message)])


def refusal(ours: Envelopes, data: bytes, subject: str = SUBJECT) -> str | None:
    """Return why an envelope is refused, None when it is not."""
    try:
        ours.open(subject, data)
    except Refused as refused:
        return refused.reason
    return None


def test_news_of_another_node_are_as_they_were_told(ours: Envelopes, theirs: Envelopes) -> None:
    both = [msgspec.msgpack.encode(message) for message in (GRANT, GRANT)]
    assert ours.open(topic_of(GRANT), theirs.seal(topic_of(GRANT), both)) == [GRANT, GRANT]


def test_who_has_not_the_key_is_not_heard(ours: Envelopes, time: Time) -> None:
    plain = msgspec.msgpack.encode(["theirs", 1, NOW, [GRANT]])
    strangers = Envelopes(bytes(32), "theirs", time)
    for data in (plain, bytes(MAC_BYTES) + plain, seal(strangers, GRANT), b"", b"\x90"):
        assert refusal(ours, data, topic_of(GRANT)) == FORGED


def test_no_bit_of_an_envelope_can_be_changed(ours: Envelopes, theirs: Envelopes) -> None:
    sealed = seal(theirs)
    for at in range(len(sealed)):
        assert refusal(ours, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]) == FORGED
    assert refusal(ours, sealed + b"\x00") == FORGED
    assert refusal(ours, sealed) is None


def test_news_of_one_subject_are_none_of_another(ours: Envelopes, theirs: Envelopes) -> None:
    assert refusal(ours, seal(theirs), "group.591827364505") == FORGED


def test_what_was_heard_is_not_heard_again(ours: Envelopes, theirs: Envelopes) -> None:
    sealed = [seal(theirs) for _ in range(3)]
    order = [0, 2, 1]  # of several subjects they may come in any
    assert [refusal(ours, sealed[one]) for one in order] == [None] * 3
    assert [refusal(ours, one) for one in sealed] == [REPEATED] * 3


def test_what_is_far_behind_is_not_heard(ours: Envelopes, theirs: Envelopes) -> None:
    first, second = seal(theirs), seal(theirs)
    theirs._numbers = iter(range(WINDOW + 1, WINDOW + 2))  # type: ignore[assignment]
    assert refusal(ours, seal(theirs)) is None
    assert (refusal(ours, first), refusal(ours, second)) == (STALE, None)


def test_what_was_told_long_ago_or_in_the_future_is_not_heard(ours: Envelopes, theirs: Envelopes, time: Time) -> None:
    sealed = [seal(theirs) for _ in range(3)]
    for ahead, reason in ((FRESH_MS, None), (FRESH_MS + 1, STALE), (-FRESH_MS - 1, STALE)):
        time.ms = NOW + ahead
        assert refusal(ours, sealed.pop()) == reason


def test_of_nodes_that_have_ended_nothing_is_kept(ours: Envelopes, time: Time) -> None:
    old = Envelopes(KEY, "old", time)
    sealed = seal(old)
    assert refusal(ours, sealed) is None
    time.ms += envelopes_module.FORGET_MS
    assert refusal(ours, seal(Envelopes(KEY, "new", time))) is None
    assert list(ours._heard) == ["new"]
    assert refusal(ours, sealed) == STALE


def test_ones_own_news_are_no_news_and_no_mistake(ours: Envelopes) -> None:
    assert ours.open(SUBJECT, seal(ours)) == []


def test_what_is_no_news_under_the_right_key_is_told_apart(ours: Envelopes, theirs: Envelopes) -> None:
    packed = msgspec.msgpack.encode({"no": "envelope"})
    assert refusal(ours, theirs._mac(SUBJECT, packed) + packed) == ODD


def test_of_news_of_another_version_what_is_known_is_heard(time: Time, theirs: Envelopes) -> None:
    left_out: list[str] = []
    ours = Envelopes(KEY, "ours", time, left_out.append)
    known = {"type": "typing", "code": "1", "user": "ann"}
    told = [
        {"type": "motto", "code": "1", "motto": "onwards"},
        {**known, "device": "a field of later"},
        {
            "type": "group",
            "code": "1",
            "entries": (),
            "version": 2,
            "events": [{"event": "motto", "at": 1, "by": "ann"}],
        },
        {"type": "typing", "code": "1"},
        {**known, "user": "bob"},
    ]
    data = theirs.seal(SUBJECT, [msgspec.msgpack.encode(one) for one in told])
    assert ours.open(SUBJECT, data) == [TypingUpdate("1", "ann"), TypingUpdate("1", "bob")]
    assert ["theirs: " in one for one in left_out] == [True] * 3
    with pytest.raises(Refused, match=REPEATED):
        ours.open(SUBJECT, data)


def test_an_envelope_with_more_than_is_known_is_opened(ours: Envelopes, theirs: Envelopes) -> None:
    typing = {"type": "typing", "code": "1", "user": "ann"}
    packed = msgspec.msgpack.encode(["theirs", 1, NOW, [typing], "more"])
    assert ours.open(SUBJECT, theirs._mac(SUBJECT, packed) + packed) == [TypingUpdate("1", "ann")]
