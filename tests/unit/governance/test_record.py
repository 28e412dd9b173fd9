"""The record: whom an act concerns."""

from folkmoot_governance.group import events as e
from folkmoot_governance.record import concerns
from tests.builders.rules import NOW, SOON


def test_whom_an_act_concerns() -> None:
    ban = e.MemberBanned(at=NOW, by="olga", user="max", until_ms=SOON)
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ban, user)] == ["olga", "max"]
    ended = e.MutesEnded(at=NOW, by="", users=("mia", "max"))
    assert [user for user in ("olga", "adam", "mia", "max") if concerns(ended, user)] == ["mia", "max"]
    transferred = e.OwnershipTransferred(at=NOW, by="adam", user="adam", previous="olga")
    assert concerns(transferred, "olga")
    renamed = e.GroupRenamed(at=NOW, by="olga", name="max")
    assert not concerns(renamed, "max"), "a name is not a person"
    note = e.NoteWritten(at=NOW, by="olga", user="max")
    assert [user for user in ("olga", "max") if concerns(note, user)] == ["olga"], "notes are among admins"
