"""The emergency switch: what each halt stops, where, whom it does not concern, and when it is over."""

import pytest

from folkmoot_governance import Actor, PlatformRole, Refusal
from folkmoot_governance.account_events import EmergencyEnded, EmergencyStarted
from folkmoot_governance.actor import Emergency
from folkmoot_governance.announcement import Announce, Announcement, announcement_of, decide_announcement, untold
from folkmoot_governance.duration import HOUR_MS, MINUTE_MS
from folkmoot_governance.emergency import (
    MAX_IN_FORCE,
    REFUSED,
    STOPS,
    WHERE,
    EndEmergency,
    Halt,
    StartEmergency,
    check_emergency,
    check_halt,
    check_slowed,
    decide_emergency,
    started,
)
from folkmoot_governance.group import commands as c
from folkmoot_governance.group.decide import decide
from folkmoot_governance.restrictions import Power
from folkmoot_protocol.types import JoinMode
from tests.builders.rules import NOW, POLICY, code_of, make_group, tell_refusal

SUE = Actor("sue", platform=PlatformRole.SAFETY_OFFICER)
CODE = "482190673352"


def start(halt: Halt = Halt.READ_ONLY, scope: str = "platform", ms: int = HOUR_MS, slow: int = 0) -> StartEmergency:
    return StartEmergency("e-1", scope, halt, ms, "raid", slow)


def in_force(command: StartEmergency) -> tuple[Emergency, ...]:
    decision = decide_emergency((), command, SUE, NOW)
    assert not isinstance(decision, Refusal), decision
    (event,) = decision
    assert isinstance(event, EmergencyStarted)
    return (started(event),)


@pytest.mark.parametrize("halt", list(Halt))
@pytest.mark.parametrize("scope", ["platform", "category:general", CODE])
def test_a_halt_stops_its_power_where_it_holds_and_until_its_end(halt: Halt, scope: str) -> None:
    command = start(halt, scope, slow=MINUTE_MS if halt is Halt.SLOW else 0)
    decision = decide_emergency((), command, SUE, NOW)
    if not scope.startswith(WHERE[halt]):
        assert isinstance(decision, Refusal) and decision.detail["field"] == "what"
        return
    held = in_force(command)
    for code, category in ((CODE, "general"), ("100000000000", "general"), (CODE, "trade"), ("", ""), ("", "general")):
        inside = scope == "platform" or scope == code or scope == f"category:{category}"
        for power in Power:
            refusal = check_emergency(held, power, NOW, code, category)
            assert (refusal is not None) == (inside and STOPS.get(halt) is power)
            if refusal is not None:
                tell_refusal(refusal)
                assert (refusal.code, refusal.detail["number"], refusal.text) == ("emergency", "e-1", REFUSED[halt])
            assert check_emergency(held, power, NOW + HOUR_MS, code, category) is None, "it ends by itself"
        assert (check_halt(held, halt, NOW, code, category) is not None) == inside


def test_slowly_means_one_post_in_so_long() -> None:
    held = in_force(start(Halt.SLOW, slow=MINUTE_MS))
    assert check_slowed(held, NOW, 0, CODE, "general") is None
    refusal = check_slowed(held, NOW, NOW - 1000, CODE, "general")
    assert refusal is not None and (refusal.code, refusal.detail["retry_after_ms"]) == ("slow_mode", MINUTE_MS - 1000)
    assert check_slowed(held, NOW, NOW - MINUTE_MS, CODE, "general") is None
    assert check_slowed(held, NOW + HOUR_MS, NOW + HOUR_MS, CODE, "general") is None
    assert check_slowed(in_force(start(Halt.SLOW, "100000000000", slow=9)), NOW, NOW, CODE, "general") is None


def test_what_may_not_be_started_or_ended() -> None:
    held = in_force(start())
    wrong = {
        "forbidden": ((), start(), Actor("rea", platform=PlatformRole.REVIEWER)),
        "bad_request": ((), start(Halt.SLOW), SUE),
        "conflict": (held, start(), SUE),
        "no_such_entry": (held, EndEmergency("e-2", "over"), SUE),
    }
    for code, (before, command, actor) in wrong.items():
        decision = decide_emergency(before, command, actor, NOW)
        assert code_of(decision) == code
        assert isinstance(decision, Refusal)
        tell_refusal(decision)
    assert code_of(decide_emergency((), start(slow=9), SUE, NOW)) == "bad_request"
    many = tuple(Emergency(f"e-{number}", str(number), "slow", NOW + 9, "r") for number in range(MAX_IN_FORCE))
    assert code_of(decide_emergency(many, start(), SUE, NOW)) == "conflict"
    assert not isinstance(decide_emergency(many, start(), SUE, NOW + 9), Refusal), "these are over"
    ended = decide_emergency(held, EndEmergency("e-1", "over"), SUE, NOW)
    assert ended == [EmergencyEnded(at=NOW, by="sue", number="e-1", reason="over")]


def asks(command: c.Command, halt: Halt, actor: str = "olga", scope: str = CODE) -> str | None:
    """Return the code with which a command is refused, or None, while something stands still in the group."""
    held = in_force(start(halt, scope))
    decision = decide(make_group(), command, Actor(actor, emergencies=held), NOW, POLICY)
    return decision.code if isinstance(decision, Refusal) else None


def test_commands_are_refused_that_say_something_or_let_somebody_in() -> None:
    assert asks(c.SetTopic("news"), Halt.READ_ONLY) == "emergency"
    assert asks(c.Announce("news"), Halt.READ_ONLY) == "emergency"
    assert asks(c.SetTopic("news"), Halt.JOINS) is None
    assert asks(c.JoinGroup(""), Halt.JOINS, "new") == "emergency"
    assert asks(c.JoinGroup(""), Halt.JOINS, "new", "100000000000") is None
    assert asks(c.MuteMember("mia", HOUR_MS, "noise"), Halt.READ_ONLY) is None, "admins go on moderating"
    assert asks(c.LeaveGroup(), Halt.READ_ONLY, "mia") is None
    create = c.CreateGroup("100000000000", "New", "general", "", JoinMode.OPEN)
    for halt, scope, expected in (
        (Halt.CREATION, "platform", "emergency"),
        (Halt.CREATION, "category:general", "emergency"),
        (Halt.CREATION, "category:trade", None),
        (Halt.READ_ONLY, "platform", "emergency"),
        (Halt.JOINS, "platform", None),
    ):
        decision = decide(None, create, Actor("mia", emergencies=in_force(start(halt, scope))), NOW, POLICY)
        assert code_of(decision) == expected


def test_an_announcement_is_told_once_to_whom_it_concerns() -> None:
    decision = decide_announcement(Announce("n-1", "repairs", HOUR_MS), SUE, NOW)
    assert not isinstance(decision, Refusal)
    one = announcement_of(decision[0])
    of_group = Announcement("n-2", NOW + 1, "raid", NOW + HOUR_MS, code=CODE)
    assert untold([one, of_group], NOW - 1, {CODE}, NOW) == [one, of_group]
    assert untold([one, of_group], NOW - 1, set(), NOW) == [one]
    assert untold([one, of_group], NOW, {CODE}, NOW) == [of_group]
    assert untold([one, of_group], NOW + 1, {CODE}, NOW) == []
    assert untold([one], NOW - 1, set(), NOW + HOUR_MS) == [], "who comes later has missed it"
    assert code_of(decide_announcement(Announce("n-1", "x", 1), Actor("mia"), NOW)) == "forbidden"
