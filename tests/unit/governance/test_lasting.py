"""Measures without an end: what of what one was told stands still."""

import pytest

from folkmoot_governance.lasting import LASTING, OVER, lasting
from folkmoot_governance.measures import MEASURES
from folkmoot_governance.personal_notices import TEXTS, PersonalNotice
from tests.builders.rules import NOW, SOON

MAY_APPEAL = {"appeal_until_ms": SOON}


def told(kind: str, number: int, **data: object) -> PersonalNotice:
    return PersonalNotice("mia", NOW + number, kind, f"c-{number}", "482190673350", data)


def test_every_measure_has_an_end_or_is_looked_for() -> None:
    elsewhere = {"credit_lowered", "account_closing", "group_closed"}
    assert {row.notice for row in MEASURES if not row.longest_ms} - elsewhere == LASTING.keys() - {"bad_faith"}
    assert {*OVER, *OVER.values()} <= TEXTS.keys() and OVER.keys() <= LASTING.keys()


def test_it_stands_while_one_may_appeal() -> None:
    (one,) = found = [told("names_removed", 1, **MAY_APPEAL)]
    assert lasting([told("kicked", 2, **MAY_APPEAL), one], NOW) == found
    assert lasting(found, SOON) == []
    assert lasting([told("names_removed", 1)], NOW) == []


@pytest.mark.parametrize(("kind", "over"), list(OVER.items()))
def test_what_was_ended_since_stands_no_more(kind: str, over: str) -> None:
    about = {"seq": 7, "credential": "Sam & Co."}
    first, end, again = (
        told(kind, 1, **about, **MAY_APPEAL),
        told(over, 2, **about),
        told(kind, 3, **about, **MAY_APPEAL),
    )
    assert lasting([end, first], NOW) == []
    assert lasting([again, end, first], NOW) == [again]
    assert lasting([told(over, 2, seq=8, credential="Other"), first], NOW) == [first], "that was about another one"
