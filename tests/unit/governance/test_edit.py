import pytest
from emoji import EMOJI_DATA, STATUS

from folkmoot_governance import Refusal
from folkmoot_governance.group.edit import OF_CHANNELS, as_it_stands, check_edit, check_reaction
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import SAID, Entry, EntryKind
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
    editable = kind in SAID
    assert told(check_edit(entry(kind=kind), "mia", NOW, POLICY)) == (None if editable else ErrorCode.FORBIDDEN)
    wanted = (editable and kind not in OF_CHANNELS) or kind is EntryKind.ANNOUNCEMENT
    assert told(check_reaction(entry(kind=kind), "👍")) == (None if wanted else ErrorCode.FORBIDDEN)


def test_a_reaction_is_one_emoji_to_what_is_still_there() -> None:
    assert told(check_reaction(entry(), "no")) == ErrorCode.BAD_REQUEST
    assert told(check_reaction(entry(redacted=True), "👍")) == ErrorCode.CONFLICT


def reacts(text: str) -> bool:
    return told(check_reaction(entry(), text)) is None


def of_status(*names: str) -> list[str]:
    """Return what the current `emoji-test.txt` of Unicode (UTS #51) gives these statuses."""
    wanted = {STATUS[name] for name in names}
    return [text for text, about in EMOJI_DATA.items() if about["status"] in wanted]


def test_every_emoji_for_interchange_is_a_reaction_with_its_sequence_whole() -> None:
    every = of_status("fully_qualified")
    assert len(every) > 3700
    assert [text for text in every if not reacts(text)] == []
    # Families, flags of countries and of regions, keycaps, skin tones: as long as they come.
    assert max(map(len, every)) >= 10


def test_the_shorter_spellings_that_keyboards_send_are_reactions_too() -> None:
    assert all(map(reacts, of_status("minimally_qualified", "unqualified", "component")))


@pytest.mark.parametrize("text", ["👩🏻‍❤️‍💋‍👨🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇨🇳", "1️⃣", "©", "❤", "❤️", "👩‍👩‍👧", "👍🏽", "#⃣"])
def test_emoji_of_all_shapes(text: str) -> None:
    assert reacts(text)


WORDS = ["", "a", "1", "no", "👍 ", "👍a", "好", "\u200d", "\u20e3", "12\u20e3x", "👍👍", "👍" * 9, "a\u20e3"]
SIGNS = ["\u2800", "\u200b", "\ufe0f", "↔⬛", "\u2600\u20dd", "№", "①", "🇨", "👩\u200d", "☭", "1\ufe0f\ufe0f\u20e3"]


@pytest.mark.parametrize("text", WORDS + SIGNS)
def test_what_is_no_emoji_is_no_reaction(text: str) -> None:
    assert not reacts(text)


def edit(seq: int, body: str, **fields: object) -> Entry:
    return make_entry(seq, "mia", **{"ts": NOW, "kind": EntryKind.EDIT, "target": 7, "body": body, **fields})


def test_an_entry_stands_with_the_text_of_its_last_edit() -> None:
    first = entry(body="hello @ann", data={"mentions": ["ann"], "flag": 1}, reply_to=3)
    assert as_it_stands(first, []) == first
    edits = [edit(9, "hello @ben", data={"mentions": ["ben"]}), edit(12, "hello all")]
    standing = as_it_stands(first, edits[:1])
    assert (standing.seq, standing.body, standing.reply_to) == (7, "hello @ben", 3)
    assert standing.data == {"mentions": ["ben"], "flag": 1, "edited": 9, "edited_ts": NOW}
    assert as_it_stands(first, edits).data == {"flag": 1, "edited": 12, "edited_ts": NOW}


def test_what_is_removed_does_not_stand() -> None:
    gone = entry(body="", redacted=True)
    assert as_it_stands(gone, [edit(9, "still here")]) == gone
    edits = [edit(9, "second"), edit(12, "", redacted=True)]
    assert as_it_stands(entry(body="first"), edits).body == "second"
