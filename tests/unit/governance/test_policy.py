from pathlib import Path

from folkmoot_governance.policy import Policy, meets
from folkmoot_protocol.types import Identity
from folkmoot_server.config.documents import load_documents
from folkmoot_server.config.policy import policy_of
from folkmoot_server.config.settings import load_config

DIFFERENT = {
    "credit",
    "cases",
    "grades",
    "to_post",
    "to_create_group",
    "reverify_ms",
    "require_second_factor",
    "absence_ms",
    "agreement",
    "agreement_sha256",
    "durations",
}
"""What the rules have no opinion of, until the operator has one."""


def test_each_identity_is_enough_for_itself_and_below() -> None:
    order = [Identity.NONE, Identity.MOBILE, Identity.PERSON, Identity.ORGANISATION]
    for height, identity in enumerate(order):
        assert [meets(identity, needed) for needed in order] == [height >= low for low in range(4)]
    assert set(order) == set(Identity)


def test_the_rules_own_numbers_are_those_of_a_server_where_nothing_is_set(tmp_path: Path) -> None:
    config = load_config(None, {}, {"profile": "regulated", "server.data_dir": str(tmp_path)})
    of_server, own = policy_of(config, load_documents(tmp_path)), Policy()
    names = set(Policy.__struct_fields__) - DIFFERENT
    assert {name: getattr(own, name) for name in names} == {name: getattr(of_server, name) for name in names}
    assert own.absence_ms == 7 * 24 * 3600 * 1000
    assert (own.to_post, own.to_create_group, own.agreement) == (Identity.NONE, Identity.NONE, "")
    assert own.cases.appeal_ms == of_server.cases.appeal_ms
    assert own.cases.appeal_answer_ms == of_server.cases.appeal_answer_ms
    assert own.credit.start == of_server.credit.start
    assert own.credit.recover_per_day == of_server.credit.recover_per_day
