"""Names of closed accounts in what is shown."""

import pytest

from folkmoot_governance.closed_names import hide_in_entry, hide_names, is_tag, names_in, names_in_entry
from folkmoot_protocol.types import Author, Entry, EntryKind, Role
from tests.builders.entries import make_entry

TAGS = {"cat": "~3f07", "cat.": "~dead", "cat-3": "~beef"}
CAT = {"cat": "~3f07"}


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("@cat left", "@~3f07 left"),
        ("thanks, @Cat.", "thanks, @~3f07."),
        ("case @cat-17 and a-4821-17@cat", "case @~3f07-17 and a-4821-17@~3f07"),
        ("@ann banned @cat: @cats are no @catty", "@ann banned @~3f07: @cats are no @catty"),
        ("cat and x@cat and @@cat", "cat and x@cat and @@cat"),
        ("无@cat吧", "无@~3f07吧"),
    ],
)
def test_names_are_hidden_in_texts(text: str, hidden: str) -> None:
    assert hide_names(text, CAT) == hidden
    assert ("cat" in set(names_in(text))) == (text != hidden)


def test_the_longest_name_that_is_closed_counts() -> None:
    assert hide_names("@cat. @cat-3 @cat-4", TAGS) == "@~dead @~beef @~3f07-4"


def test_names_are_hidden_in_the_fields_that_hold_them() -> None:
    data = {
        "event": "banned",
        "user": "cat",
        "by": "ann",
        "users": ["cat", "bob"],
        "reason": "cat",
        "word": "cat",
        "nested": [{"user": "cat", "display_name": "Catherine"}, {"user": "bob", "display_name": "Bob"}],
    }
    assert set(names_in(data)) >= {"cat", "ann", "bob"}
    assert hide_names(data, CAT) == {
        "event": "banned",
        "user": "~3f07",
        "by": "ann",
        "users": ["~3f07", "bob"],
        "reason": "cat",
        "word": "cat",
        "nested": [{"user": "~3f07", "display_name": "~3f07"}, {"user": "bob", "display_name": "Bob"}],
    }


def test_an_entry_that_names_nobody_closed_stays_what_it_is() -> None:
    entry = make_entry(1)
    assert hide_in_entry(entry, CAT) is entry
    notice = Entry(
        seq=1,
        ts=1,
        kind=EntryKind.NOTICE,
        from_=Author("ann", "Ann", Role.OWNER),
        body="@ann muted @cat",
        data={"event": "muted", "user": "cat", "by": "ann"},
    )
    assert "cat" in set(names_in_entry(notice))
    hidden = hide_in_entry(notice, CAT)
    assert (hidden.body, hidden.data) == ("@ann muted @~3f07", {"event": "muted", "user": "~3f07", "by": "ann"})
    assert is_tag("~3f07") and not is_tag("cat")
