from folkmoot_governance.policy import meets
from folkmoot_protocol.types import Identity


def test_each_identity_is_enough_for_itself_and_below() -> None:
    order = [Identity.NONE, Identity.MOBILE, Identity.PERSON, Identity.ORGANISATION]
    for height, identity in enumerate(order):
        assert [meets(identity, needed) for needed in order] == [height >= low for low in range(4)]
    assert set(order) == set(Identity)
