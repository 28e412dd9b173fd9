"""The record: whom an act concerns."""

import pytest
from msgspec import structs

from folkmoot_governance.group import events as e
from folkmoot_governance.permissions import READS
from folkmoot_governance.record import READ_BY, UNREAD, as_read, concerns
from tests.builders.rules import NOW, SOON, any_event


def test_whom_an_act_concerns() -> None:
    ban = e.MemberBanned(at=NOW, by="olga", user="max", until_ms=SOON)
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ban, user)] == ["olga", "max"]
    ended = e.MutesEnded(at=NOW, by="", users=("mia", "max"))
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ended, user)] == ["mia", "max"]
    transferred = e.OwnershipTransferred(at=NOW, by="adam", user="adam", previous="olga")
    assert concerns(transferred, "olga")
    renamed = e.GroupRenamed(at=NOW, by="olga", name="max")
    assert not concerns(renamed, "max"), "a name is not a person"


@pytest.mark.parametrize("kind", [e.NoteWritten, e.NotesCleared, e.ContentFlagged, e.FlagCleared])
def test_what_owner_and_admins_keep_among_themselves_concerns_who_did_it_alone(kind: type[e.Event]) -> None:
    event = structs.replace(any_event(kind), by="olga", user="max")
    assert [user for user in ("olga", "max") if concerns(event, user)] == ["olga"]


@pytest.mark.parametrize("kind", READ_BY)
def test_the_texts_in_an_act_are_for_those_who_may_read_them(kind: type[e.Event]) -> None:
    fields, what = READ_BY[kind]
    event = structs.replace(any_event(kind), by="olga", **dict.fromkeys(fields, "secret"))
    read = as_read(event, "adam", lambda asked: asked != what)
    assert [getattr(read, field) for field in fields] == [UNREAD] * len(fields)
    assert as_read(event, "adam", lambda asked: asked == what) == event
    assert as_read(event, "olga", lambda asked: False) == event
    assert what in READS
    untold = structs.replace(event, **dict.fromkeys(fields, ""))
    assert as_read(untold, "adam", lambda asked: False) == untold
