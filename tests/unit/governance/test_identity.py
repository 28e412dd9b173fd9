"""Numbers that prove who somebody is. The vectors are published examples: see tests/data/README.md."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from folkmoot_governance import Refusal
from folkmoot_governance.identity import (
    KINDS,
    Soundness,
    age_of,
    check_age,
    check_number,
    contains_id_number,
    is_minor,
    masked,
    normalise,
)
from folkmoot_protocol.types import Identity

TODAY = date(2026, 11, 22)
VECTORS = json.loads((Path(__file__).resolve().parents[2] / "data" / "identity-numbers.json").read_text("utf-8"))
PEOPLE, ORGANISATIONS = VECTORS["resident_id_gb11643"], VECTORS["unified_social_credit_gb32100"]


def soundness(kind: Identity, number: str) -> Soundness:
    return check_number(kind, normalise(kind, number), TODAY)


@pytest.mark.parametrize("vector", PEOPLE, ids=lambda one: one["number"])
def test_resident_identity_numbers(vector: dict[str, str]) -> None:
    expected = Soundness.SOUND if vector["expect"] == "valid" else Soundness.MALFORMED
    assert soundness(Identity.PERSON, vector["number"]) is expected


@pytest.mark.parametrize("vector", ORGANISATIONS, ids=lambda one: one["number"])
def test_unified_social_credit_codes(vector: dict[str, str]) -> None:
    """Nothing tells a mistyped code from an early one whose check never fitted, so both are doubtful."""
    found = soundness(Identity.ORGANISATION, vector["number"])
    assert (found is Soundness.SOUND) == (vector["expect"] == "valid")
    assert found is not Soundness.MALFORMED or vector["expect"] == "invalid"


def test_every_level_has_numbers_of_its_own() -> None:
    assert set(KINDS) == set(Identity) - {Identity.NONE}
    assert {kind: normalise(kind, "138 0013 8000") for kind in KINDS} == {
        Identity.MOBILE: "+8613800138000",
        Identity.PERSON: "13800138000",
        Identity.ORGANISATION: "13800138000",
    }


@pytest.mark.parametrize("number", ["", "91350100M000100Y4", "91350100M000100Y4I", "9135010OM000100Y43"])
def test_what_is_no_code_of_an_organisation(number: str) -> None:
    assert check_number(Identity.ORGANISATION, number, TODAY) is Soundness.MALFORMED


@given(st.sampled_from([one["number"].upper() for one in PEOPLE if one["expect"] == "valid"]), st.data())
def test_one_wrong_digit_shows(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 16))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda one: one != number[place]))
    assert soundness(Identity.PERSON, number[:place] + digit + number[place + 1 :]) is Soundness.MALFORMED


def test_nobody_is_born_tomorrow_a_year() -> None:
    born = "11010120271122"
    checks = [check_number(Identity.PERSON, f"{born}001{check}", TODAY) for check in "0123456789X"]
    assert set(checks) == {Soundness.MALFORMED}
    later = [check_number(Identity.PERSON, f"{born}001{check}", date(2028, 1, 1)) for check in "0123456789X"]
    assert later.count(Soundness.SOUND) == 1


@pytest.mark.parametrize(
    ("number", "kept", "sound"),
    [
        ("138 0013 8000", "+8613800138000", True),
        ("+86-138-0013-8000", "+8613800138000", True),
        ("8613800138000", "+8613800138000", True),
        ("+44 7700 900123", "+447700900123", True),
        ("010 8888 8888", "01088888888", False),
        ("12800138000", "12800138000", False),
        ("+86 10 8888 8888", "+861088888888", False),
        ("13800138", "13800138", False),
        ("", "", False),
        ("١٣٨٠٠١٣٨٠٠٠", "١٣٨٠٠١٣٨٠٠٠", False),
    ],
)
def test_mobile_numbers(number: str, kept: str, sound: bool) -> None:
    assert normalise(Identity.MOBILE, number) == kept
    assert (check_number(Identity.MOBILE, kept, TODAY) is Soundness.SOUND) == sound


@pytest.mark.parametrize(
    "body",
    [
        " /verify person 11010519491231002X",
        "//verify mobile 138 0013 8000",
        "／verify organisation 91350100M000100Y43",
        "⁄⁄verify organisation 91350100M000100Y43",
        "verify mobile 13800138000",
        "\u3000/实名 mobile １３８００１３８０００",
        "/VERIFY\nmobile\n13800138000",
    ],
)
def test_a_command_gone_astray_is_noticed(body: str) -> None:
    assert contains_id_number(body)


@pytest.mark.parametrize("space", ["\t", "\n", "\v", "\u00a0", "\u2003", "\u2028", "\u3000"])
def test_a_command_gone_astray_is_noticed_behind_any_space(space: str) -> None:
    assert contains_id_number(f"{space}/verify person 11010519491231002X")
    assert not contains_id_number(f"{space}I live at 11010519491231002")


@pytest.mark.parametrize(
    "body", ["verify it yourself", "/me 123456", "see /verify mobile", "verify by 2026-11", "", "实名制"]
)
def test_talk_of_it_is_not(body: str) -> None:
    assert not contains_id_number(body)


def person(head: str, today: date = TODAY) -> set[Soundness]:
    """Return what is said of numbers that begin so, whatever their check character is."""
    return {check_number(Identity.PERSON, f"{head}001{check}", today) for check in "0123456789X"}


@pytest.mark.parametrize("first", range(1, 10))
def test_regions_of_the_country(first: int) -> None:
    """What the standard of regions (GB/T 2260) has, Hong Kong to Taiwan by residence permits."""
    known = {
        1: "12345", 2: "123", 3: "1234567", 4: "123456", 5: "01234", 6: "12345", 7: "1", 8: "123", 9: ""
    }[first]  # fmt: skip
    found = "".join(one for one in "0123456789" if Soundness.SOUND in person(f"{first}{one}010119900101"))
    assert found == known


def test_a_day_that_was_not_is_nobodys_birthday() -> None:
    assert Soundness.SOUND in person("11010120000229")
    assert person("11010119990229") == {Soundness.MALFORMED}


def test_who_was_born_today_may_live_east_of_here() -> None:
    born = "11010120261122"
    assert Soundness.SOUND in person(born, date(2026, 11, 21))
    assert person(born, date(2026, 11, 20)) == {Soundness.MALFORMED}


@pytest.mark.parametrize(
    ("born", "age"), [("20081122", 18), ("20081123", 17), ("19900101", 36), ("20080229", 18), ("20261122", 0)]
)
def test_an_age_is_told_by_the_number_alone(born: str, age: int) -> None:
    number = f"110101{born}0010"
    assert age_of(number, TODAY) == age
    assert is_minor(Identity.PERSON, number, TODAY) == (age < 18)
    refusal = check_age(Identity.PERSON, number, TODAY, 18)
    assert (refusal is not None) == (age < 18)
    if isinstance(refusal, Refusal):
        assert (refusal.code, refusal.detail["rule"]) == ("forbidden", "identity.minimum_age")
        assert born not in str(refusal)


def test_no_age_is_asked_for_or_told() -> None:
    assert check_age(Identity.PERSON, "110101202601010010", TODAY, 0) is None
    assert check_age(Identity.MOBILE, "+8613800138000", TODAY, 18) is None
    assert is_minor(Identity.ORGANISATION, "91350100M000100Y43", TODAY) is None


def test_a_masked_number_has_its_ends_alone() -> None:
    assert masked("+8613800138000") == "+86********000"
    assert masked("12345678") == "********"
