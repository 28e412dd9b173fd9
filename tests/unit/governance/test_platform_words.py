"""The operator's own words: who sets them, how many, and that an account only records it."""

from folkmoot_governance import Actor, PlatformRole, Refusal, replay_account
from folkmoot_governance import account as a
from folkmoot_governance import platform_words as w
from folkmoot_governance.content.kinds import Action
from folkmoot_protocol.errors import ErrorCode
from tests.builders.rules import NOW, account_registered, tell_refusal

SET, DROP = w.SetPlatformWord("casino", Action.REFUSE, "case 7"), w.DropPlatformWord("casino", "case 8")
CASINO = {"casino": w.PlatformWord("casino", Action.REFUSE, "sue", NOW)}


def ask(
    words: dict[str, w.PlatformWord], command: w.SetPlatformWord | w.DropPlatformWord, role: PlatformRole | None
) -> list[a.AccountEvent] | ErrorCode:
    decision = w.decide_words(words, command, Actor("sue", platform=role), NOW)
    if isinstance(decision, Refusal):
        tell_refusal(decision)
        return decision.code
    return list(decision)


def test_who_may() -> None:
    may = {role for role in (None, *PlatformRole) if ask({}, SET, role) != ErrorCode.FORBIDDEN}
    assert may == {PlatformRole.MODERATOR, PlatformRole.SAFETY_OFFICER, PlatformRole.SUPERADMIN}
    assert ask(CASINO, DROP, None) == ErrorCode.FORBIDDEN
    refusal = w.decide_words({}, SET, Actor("sue"), NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.detail == {"act": "edit_words", "rule": "platform_roles", "help": "docs/governance.md"}


def test_a_word_is_set_given_another_verdict_and_taken_out() -> None:
    role = PlatformRole.MODERATOR
    (event,) = ask({}, SET, role)
    assert isinstance(event, a.PlatformWordSet) and (event.word, event.by) == ("casino", "sue")
    assert ask(CASINO, SET, role) == []
    (event,) = ask(CASINO, w.SetPlatformWord("casino", Action.HOLD, "milder"), role)
    assert isinstance(event, a.PlatformWordSet) and event.verdict is Action.HOLD
    (event,) = ask(CASINO, DROP, role)
    assert isinstance(event, a.PlatformWordDropped)
    assert ask({}, DROP, role) == ErrorCode.NO_SUCH_ENTRY


def test_words_are_bounded() -> None:
    words = {
        f"word {number}": w.PlatformWord(f"word {number}", Action.REFUSE, "sue", NOW) for number in range(w.MAX_WORDS)
    }
    assert ask(words, SET, PlatformRole.SUPERADMIN) == ErrorCode.CONFLICT
    assert ask(words, w.SetPlatformWord("word 7", Action.FLAG, ""), PlatformRole.SUPERADMIN) != ErrorCode.CONFLICT


def test_patterns_together_are_bounded_by_what_they_cost() -> None:
    dear = {word: w.PlatformWord(word, Action.REFUSE, "sue", NOW) for word in ("/[ab].{50}c/", "/[ab].{50}d/")}
    role = PlatformRole.MODERATOR
    assert ask(dear, w.SetPlatformWord("/[ab].{50}e/", Action.REFUSE, ""), role) == ErrorCode.CONFLICT
    assert ask({}, w.SetPlatformWord("/[ab].{50}e/", Action.REFUSE, ""), role) != ErrorCode.CONFLICT


def test_an_account_only_records_what_it_did() -> None:
    registered = account_registered("sue")
    (event,) = ask({}, SET, PlatformRole.MODERATOR)
    after, before = replay_account([registered, event]), replay_account([registered])
    assert after.version == 2
    before.version = 2
    assert after == before


def test_what_is_recorded_of_a_word() -> None:
    assert ask({}, SET, PlatformRole.MODERATOR) == [
        a.PlatformWordSet(at=NOW, by="sue", word="casino", verdict=Action.REFUSE, reason="case 7")
    ]
    assert ask(CASINO, DROP, PlatformRole.MODERATOR) == [
        a.PlatformWordDropped(at=NOW, by="sue", word="casino", reason="case 8")
    ]
