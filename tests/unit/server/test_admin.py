"""Rows of administration and their functions belong together; what all have in common is checked from the rows."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from folkmoot_governance import Actor, Refusal
from folkmoot_governance.account_commands import GrantRole, SuspendAccount
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.case.commands import OpenApplication, ProposeMeasure
from folkmoot_governance.case.events_application import Wish, WishKind
from folkmoot_governance.case.state import Terms
from folkmoot_governance.duration import HOUR_MS
from folkmoot_governance.permissions import PLATFORM_RULES, SCOPED
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_protocol import requests as rq
from folkmoot_protocol.admin import accounts, cases, content, filings, mediations, sanctions
from folkmoot_protocol.admin.channels import APPLICATION
from folkmoot_protocol.admin.registry import NOUNS, VERBS
from folkmoot_protocol.admin.row import NoOptions, Verb
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Identity
from folkmoot_server.actions.accounts.staff import staff_now
from folkmoot_server.admin.call import FUNCTIONS, Call
from folkmoot_server.admin.run import read_options
from folkmoot_server.common.i18n import translator
from tests.integration.wire import Wire, refused
from tests.unit.server.stores import Stage, staged

GIVEN: dict[str, dict[str, object]] = {
    "access list": {"case": "r7f3k-1"},
    "access whose": {"case": "r7f3k-1"},
    "audit list": {"case": "r7f3k-1"},
    "user suspend": {"duration": "1h"},
    "user verify": {"identity": "person"},
    "role create": {"role": "reviewer"},
    "role train": {"course": "law"},
    "group suspend": {"duration": "1h"},
    "identity show": {"case": "file 7"},
    "media show": {"case": "file 7"},
    "credit set": {"score": 40},
    "entry remove": {"seqs": "1"},
    "text remove": {"what": "name"},
    "case close": {"outcome": "upheld", "suspend": "1h"},
    "case note": {"text": "asked the bank"},
    "case give": {"to": "root"},
    "appeal give": {"to": "root"},
    "sanction create": {"duration": "1h"},
    "sanction restore": {"measure": "join"},
    "filing send": {"form": "json"},
    "filing receipt": {"number": "7"},
    "emergency start": {"what": "joins", "duration": "1s"},
    "export case": {"reason": "order 7"},
    "export approve": {"reason": "order 7"},
    "announce create": {"text": "repairs"},
    "hold create": {"case": "file 7", "duration": "1h"},
    "application give": {"to": "root"},
    "credential revoke": {"kind": "badge"},
    "refutation create": {"seq": 1, "text": "it is not so"},
    "refutation end": {"seq": 1},
    "feature assess": {"feature": "media", "sha256": "0" * 64},
    "feature stop": {"feature": "media"},
}
"""What verbs are told that must be told something."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def appoint(stage: Stage, role: PlatformRole | None, *cases: str) -> None:
    """Give the owner of the third group a platform role."""
    account = await stage.node.accounts.load(stage.seats[2][0].user)
    assert account is not None
    machine = Actor("", platform=PlatformRole.SUPERADMIN)
    grant = GrantRole(role, "x", cases, HOUR_MS if cases else 0)
    assert await stage.node.app.account_service.carry_out(account.state, grant, machine) is None


def test_each_row_has_a_function_and_no_function_is_left_over() -> None:
    assert set(FUNCTIONS) == set(VERBS.values())


def test_no_two_rows_have_one_name() -> None:
    assert len(VERBS) == sum(len(noun.verbs) for noun in NOUNS)


def test_rows_name_permissions_of_the_rules() -> None:
    assert {verb.permission for verb in VERBS.values()} <= set(PLATFORM_RULES)
    assert [verb for verb in VERBS.values() if verb.reason and verb.permission == "read"] == []


@pytest.mark.parametrize(
    ("verb", "given", "read"),
    [
        (accounts.SUSPEND_USER, {"duration": "1h"}, accounts.Suspension(duration=HOUR_MS)),
        (accounts.VERIFY_USER, {"identity": "person"}, accounts.Check(identity=Identity.PERSON)),
        (accounts.SET_CREDIT, {"score": 1000}, accounts.Score(score=1000)),
        (sanctions.REJECT_RECTIFICATION, {}, sanctions.NewDeadline(duration=None)),
        (sanctions.REJECT_RECTIFICATION, {"duration": "1h"}, sanctions.NewDeadline(duration=HOUR_MS)),
        (content.LIST_RULES, {}, NoOptions()),
        (cases.LIST_REPORTS, {}, cases.Which(state="open")),
        (cases.CLOSE_REPORT, {"outcome": "upheld"}, cases.Decision(outcome="upheld", suspend=None)),
        (content.TRY_WORD, {"group": "482190673350"}, content.Scope(group="482190673350")),
    ],
)
def test_options_become_a_struct(verb: Verb[Any], given: dict[str, object], read: object) -> None:
    assert read_options(verb, given) == read


@pytest.mark.parametrize(
    ("verb", "given", "field"),
    [
        (accounts.SUSPEND_USER, {}, "duration"),
        (accounts.SUSPEND_USER, {"duration": "7"}, "duration"),
        (accounts.SUSPEND_USER, {"duration": 7}, "duration"),
        (accounts.SUSPEND_USER, {"duration": "1h", "for": "1h"}, "for"),
        (accounts.VERIFY_USER, {"identity": "certain"}, "identity"),
        (accounts.SET_CREDIT, {"score": -1}, "score"),
        (accounts.SET_CREDIT, {"score": 1001}, "score"),
        (accounts.SET_CREDIT, {"score": True}, "score"),
        (accounts.SET_CREDIT, {"score": "40"}, "score"),
        (accounts.RESTORE_USER, {"duration": "1h"}, "duration"),
        (sanctions.REJECT_RECTIFICATION, {"duration": ""}, "duration"),
        (cases.LIST_REPORTS, {"state": "some"}, "state"),
        (cases.CLOSE_REPORT, {"outcome": "overturned"}, "outcome"),
        (cases.CLOSE_REPORT, {"outcome": "upheld", "suspend": "soon"}, "suspend"),
        (content.CREATE_WORD, {"verdict": "allow"}, "verdict"),
    ],
)
def test_the_option_that_is_missing_wrong_or_unknown_is_named(
    verb: Verb[Any], given: dict[str, object], field: str
) -> None:
    refusal = read_options(verb, given)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.detail["field"]) == (ErrorCode.BAD_REQUEST, field)
    for language in ("en", "zh-CN"):
        assert field in translator(language)(refusal.text, refusal.detail)


async def test_what_every_verb_is_asked_for(stage: Stage) -> None:
    root, user = await stage.connect(stage.seats[2][0]), stage.seats[0][1].user

    async def ask(wire: Wire, noun: str, verb: str, **fields: Any) -> Any:
        return await wire.ask(rq.Admin, noun=noun, verb=verb, **fields)

    await refused(ask(root, "user", "list"), "forbidden", act="read_case", rule="platform_roles")
    await refused(ask(root, "user", "praise"), "forbidden", act="read_case")
    await appoint(stage, PlatformRole.VIEWER)
    assert (await ask(root, "user", "show", target=user)).items[0]["user"] == user
    await refused(ask(root, "user", "praise"), "unknown_command")
    await refused(ask(root, "user", "restore"), "forbidden", act="restore_account")
    await appoint(stage, PlatformRole.SUPERADMIN)
    await refused(ask(root, "user", "restore", reason="x"), "bad_request", field="target")
    await refused(ask(root, "user", "restore", target=user), "bad_request", field="reason")
    await refused(ask(root, "user", "suspend", target=user, reason="x"), "bad_request", field="duration")
    await refused(ask(root, "user", "show", target=user, dry_run=True), "bad_request", field="dry_run")
    await refused(ask(root, "rule", "test"), "bad_request", field="file")


async def test_the_rules_refuse_whom_a_row_refuses(stage: Stage) -> None:
    """A row's permission is the one that is asked where the act is decided: functions are called without the rows'
    checks here, with each role that a row does not name."""
    owner, member = stage.seats[0][0], stage.seats[0][1]
    wire = await stage.connect(member)
    report = (await wire.run(f"/report @{owner.user} spam", member.code)).data["case"]
    room = await stage.node.rooms.load(member.code)
    assert room is not None
    boss = await stage.connect(owner)
    await boss.ask(rq.Post, group=f"@{owner.user}", body="my channel")
    measure = (await boss.run(f"/mute @{member.user} 1h", member.code)).data["case"]
    appeal = (await wire.run(f"/appeal {measure} why", member.code)).data["case"]
    mediation = (await wire.run(f"/mediate @{owner.user} why", member.code)).data["case"]
    cases_of = {cases.APPEAL: appeal, mediations.MEDIATION: mediation, sanctions.SANCTION: "p-1"}
    targets = {"USER": member.user, "CODE": member.code, "CASE": report, "WORD": "snake", "MATTER": "time"}
    targets["DRAWN"] = "00ff"
    targets |= {"SUBJECT": member.code, "SUBJECT|ENTRY": member.code, "CODE|CASE": member.code}
    targets |= {
        "DRAWN": "00ff",
        "SCOPE": "platform",
        "NUMBER": "e-none",
        "HOLD": "h-none",
        "MEDIA": "none",
        "CHANNEL": f"@{owner.user}",
        "": "",
        "CASE|CODE:SEQ": f"{member.code}-1",
        "CASE|USER": member.user,
    }
    terms = Terms(Subject.ACCOUNT, Measure.MUTE, "x", user=member.user, duration_ms=HOUR_MS)
    opening, by = ProposeMeasure("p-1", terms), Actor(owner.user, platform=PlatformRole.SUPERADMIN)
    service = stage.node.app.cases.service
    assert await service.wait_stored(service.act(None, opening, by)) is None
    applying, applicant = OpenApplication("q-1", Wish(kind=WishKind.QUOTA, count=2)), Actor(member.user)
    assert await service.wait_stored(service.act(None, applying, applicant)) is None
    cases_of[APPLICATION] = "q-1"
    measure_on_other = SuspendAccount(HOUR_MS, "x")
    other = await stage.node.accounts.load(stage.seats[1][0].user)
    assert other is not None
    assert await stage.node.app.account_service.carry_out(other.state, measure_on_other, by) is None
    cases_of[filings.FILING] = f"@{other.user}-{other.state.version}"
    for role in PlatformRole:
        await appoint(stage, role, *((report, appeal) if role in SCOPED else ()))
        account = await stage.node.accounts.load(stage.seats[2][0].user)
        assert account is not None
        for verb in VERBS.values():
            # Of what staff may read, the row alone says who is staff.
            if role in PLATFORM_RULES[verb.permission] or verb.permission == "read":
                continue
            kind = verb.target.metavar if verb.target else ""
            target = cases_of.get(verb.noun, targets[kind]) if kind == "CASE" else targets[kind]
            options = read_options(verb, GIVEN.get(str(verb), {}))
            assert not isinstance(options, Refusal), f"say in GIVEN what {verb} is told"
            call = Call(stage.node.app, account, translator("en"), target, "x", dry_run=verb.dry_run)
            outcome = await FUNCTIONS[verb](call, options)
            assert isinstance(outcome, Refusal), (verb, role)
            # To whom a case is not shown there is none.
            hidden = {ErrorCode.NO_SUCH_ENTRY} if role in SCOPED else set[ErrorCode]()
            assert outcome.code in {ErrorCode.FORBIDDEN, *hidden}, (verb, role)


@pytest.mark.parametrize(
    "act",
    [
        {"noun": "role", "verb": "delete"},
        {"noun": "sanction", "verb": "create", "options": {"measure": "staff", "duration": "1h"}},
    ],
    ids=lambda act: act["noun"],
)
async def test_of_two_who_take_each_others_role_one_keeps_it(stage: Stage, act: dict[str, Any]) -> None:
    machine, users = Actor("", platform=PlatformRole.SUPERADMIN), [seats[0].user for seats in stage.seats[:2]]
    for user in users:
        account = await stage.node.accounts.load(user)
        assert account is not None
        grant = GrantRole(PlatformRole.SUPERADMIN, "x")
        assert await stage.node.app.account_service.carry_out(account.state, grant, machine) is None
    one, other = [await stage.connect(seats[0]) for seats in stage.seats[:2]]
    answers = await asyncio.gather(
        *(
            wire.ask(rq.Admin, target=f"@{user}", reason="out", **act)
            for wire, user in ((one, users[1]), (other, users[0]))
        ),
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["AdminResult", "Refused"]
    kept = (await staff_now(stage.node.store.ledger, stage.node.clock.now_ms())).roles
    assert list(kept.values()) == [PlatformRole.SUPERADMIN]
