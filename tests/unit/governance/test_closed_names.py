"""Names of closed accounts in what is shown."""

import pytest
from msgspec.structs import replace

from folkmoot_governance.closed_names import (
    NAME_FIELDS,
    hide_in_entry,
    hide_names,
    is_tag,
    named_outside,
    names_in,
    names_in_entry,
)
from folkmoot_governance.group import commands as c
from folkmoot_protocol.types import Author, Entry, EntryKind, JoinMode, Role
from tests.builders.entries import make_entry
from tests.builders.rules import do, make_group

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


@pytest.mark.parametrize("field", sorted(NAME_FIELDS))
def test_each_field_of_names_is_hidden(field: str) -> None:
    assert hide_names({field: "cat"}, CAT) == {field: "~3f07"}
    assert hide_names({field: ["ann", "cat"]}, CAT) == {field: ["ann", "~3f07"]}
    assert list(names_in({field: "cat"})) == ["cat"]


def test_what_is_no_name_stays_as_it_is() -> None:
    data = {"user": 3, "name": "cat", "display_name": "Cat", "seqs": (1, 2), "text": None, "is": True}
    assert hide_names(data, CAT) == {**data, "seqs": [1, 2]}
    assert hide_names({"user": "cat", "name": "Catherine"}, CAT) == {"user": "~3f07", "name": "~3f07"}
    assert list(names_in(data)) == []


def test_an_entry_is_hidden_by_its_text_alone_or_its_data_alone() -> None:
    entry = make_entry(1)
    by_text = replace(entry, body="hello @cat", data=None)
    by_data = replace(entry, body="hello", data={"user": "cat"})
    assert hide_in_entry(by_text, CAT).body == "hello @~3f07"
    assert hide_in_entry(by_data, CAT).data == {"user": "~3f07"}


def test_who_is_named_in_a_group_without_being_in_it() -> None:
    state = make_group()
    do(state, c.BanMember("ben", 60_000), "olga")
    do(state, c.Invite("gus"), "olga")
    do(state, c.Warn("max"), "olga")
    do(state, c.MuteMember("mia", 60_000), "olga")
    do(state, c.OfferTransfer("max"), "olga")
    do(state, c.NameHeir("adam"), "olga")
    do(state, c.SetJoinMode(JoinMode.APPROVAL), "olga")
    do(state, c.JoinGroup(), "kim")
    named = named_outside(state)
    assert named >= {"olga", "ben", "gus", "max", "mia", "adam", "kim"}
    assert "" not in named
    do(state, c.LeaveGroup(), "max")
    assert "max" in named_outside(state), "a warning stays on record"
    assert named_outside(make_group()) == {"olga"}
