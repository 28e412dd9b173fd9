import pytest

from folkmoot_governance import Refusal
from folkmoot_governance.group.edit import check_edit, check_reaction, is_picture
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Entry, EntryKind
from tests.builders.entries import make_entry
from tests.builders.rules import NOW, POLICY, code_of, tell_refusal


def entry(**fields: object) -> Entry:
    return make_entry(7, "mia", **{"ts": NOW, **fields})


def told(refusal: Refusal | None) -> ErrorCode | None:
    if refusal:
        tell_refusal(refusal)
    return code_of(refusal)


def test_an_entry_is_edited_by_its_author_while_it_is_fresh() -> None:
    last = NOW + POLICY.edit_own_ms
    assert told(check_edit(entry(), "mia", last, POLICY)) is None
    assert told(check_edit(entry(), "mia", last + 1, POLICY)) == ErrorCode.FORBIDDEN
    assert told(check_edit(entry(), "olga", NOW, POLICY)) == ErrorCode.FORBIDDEN
    assert told(check_edit(entry(redacted=True), "mia", NOW, POLICY)) == ErrorCode.CONFLICT


@pytest.mark.parametrize("kind", EntryKind)
def test_only_words_are_edited_and_only_what_people_wrote_is_reacted_to(kind: EntryKind) -> None:
    editable = kind in (EntryKind.TEXT, EntryKind.ACTION)
    assert told(check_edit(entry(kind=kind), "mia", NOW, POLICY)) == (None if editable else ErrorCode.FORBIDDEN)
    wanted = editable or kind is EntryKind.ANNOUNCEMENT
    assert told(check_reaction(entry(kind=kind), "👍")) == (None if wanted else ErrorCode.FORBIDDEN)


def test_a_reaction_is_one_emoji_to_what_is_still_there() -> None:
    assert told(check_reaction(entry(), "no")) == ErrorCode.BAD_REQUEST
    assert told(check_reaction(entry(redacted=True), "👍")) == ErrorCode.CONFLICT


@pytest.mark.parametrize("text", ["👍", "👍🏽", "❤️", "👩‍👩‍👧", "🇨🇳", "1️⃣", "©"])
def test_pictures(text: str) -> None:
    assert is_picture(text)


WORDS = ["", "a", "1", "no", "👍 ", "👍a", "好", "\u200d", "\u20e3", "12\u20e3x", "👍" * 9, "a\u20e3"]


@pytest.mark.parametrize("text", WORDS)
def test_words_are_no_pictures(text: str) -> None:
    assert not is_picture(text)


def test_a_keycap_is_one_sign_its_variant_and_the_cap() -> None:
    assert is_picture("1\ufe0f\u20e3") and is_picture("#\u20e3")
    assert not is_picture("1\ufe0f\ufe0f\u20e3") and not is_picture("12\u20e3\u20e3")


@pytest.mark.parametrize("part", ["\u2600\u2b1b\u2194", "\u2600\u20dd"], ids=["arrow", "circle around"])
def test_signs_of_mathematics_and_frames_belong_to_pictures(part: str) -> None:
    assert is_picture(part)
    assert not is_picture(part[-1])
