"""Who is told of an entry of a channel, and of what."""

import pytest

from folkmoot_governance.group.mentions import MAX_MENTIONS, find_called
from folkmoot_governance.group.responses import Response, is_wanted, told_by
from folkmoot_protocol.types import Notify


def test_one_entry_tells_an_account_one_thing_and_nobody_of_oneself() -> None:
    everything = {"answered": "ann", "author": "ben", "repeated": "cai", "quotes": True}
    assert told_by("eve", **everything, mentioned=("ann", "ben", "cai", "dan", "eve")) == {
        "ann": Response.ANSWERED,
        "ben": Response.COMMENTED,
        "cai": Response.QUOTED,
        "dan": Response.MENTIONED,
    }
    assert told_by("eve", repeated="cai", quotes=False, mentioned=()) == {"cai": Response.REPOSTED}
    assert told_by("ann", answered="ann", author="ann", quotes=False, mentioned=("ann",)) == {}
    assert told_by("eve", answered="ann", author="ann", quotes=False, mentioned=()) == {"ann": Response.ANSWERED}


@pytest.mark.parametrize(
    ("notify", "wanted"),
    [
        (Notify.ON, set(Response)),
        (Notify.MENTIONS, {Response.ANSWERED, Response.MENTIONED}),
        (Notify.OFF, set()),
    ],
)
def test_what_an_editor_has_set_for_the_channel_holds(notify: Notify, wanted: set[Response]) -> None:
    assert {one for one in Response if is_wanted(one, notify)} == wanted


def test_who_is_called_by_name() -> None:
    assert find_called("@ann, @Ben. ＠cai-lo- and a@b.org, @ann!") == [("ann",), ("ben.", "ben"), ("cai-lo-", "cai-lo")]
    assert find_called("nobody") == []
    assert len(find_called(" ".join(f"@user{number}" for number in range(50)))) == MAX_MENTIONS
