"""Whatever has happened before, a dry run of an administrator says what the act then does, and changes nothing.

Each example runs on a node and a store of its own. What is tried comes from the rows of administration, so a new verb
is tried as soon as it has a row.
"""

import asyncio
import copy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from folkmoot_governance import Actor
from folkmoot_governance.account_commands import GrantRole, SetSecondFactor
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.case.state import CaseKind
from folkmoot_protocol import requests as rq
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.admin.row import Duration, Option, Verb, options_of
from folkmoot_server.common.background import Loop
from folkmoot_server.storage.api import CaseFilter
from folkmoot_server.storage.change_set import account_stream, case_stream, group_stream
from tests.integration.server import Seat
from tests.integration.wire import Closed, Refused, Wire
from tests.profile import examples
from tests.unit.server.stores import Stage, staged

CONFIG = {
    "limits__requests_per_second": 0,
    "policy__grades__club__up_to_members": 5,
    "policy__grades__hall__up_to_members": 500,
    "policy__grades__hall__review_to_create": True,
    "policy__sanctions__four_eyes": ("account_create",),
}
VERIFY = "/verify organisation 91350211M0000XUF46 sure"
ACTS = {str(verb): verb for verb in VERBS.values() if verb.dry_run}
LINES = (
    "/me waves",
    "/limit 4",
    "/limit 15",
    VERIFY,
    "/report @{user} spam",
    "/report group spam",
    "/mediate @{user} let us talk",
    "/appeal {of_user} it was not so",
    "/appeal {of_group} it was not so",
    "/apply quota 2",
)


class Say(NamedTuple):
    """A member, by number, says a line in its group; `{user}` is another one, `{of_…}` the case of the last act."""

    who: int
    line: str
    whom: int = 0


class Do(NamedTuple):
    """One of the staff, by number, does something to one of those whom it may be about, by number."""

    who: int
    act: str
    target: int
    options: dict[str, object]


def values_of(option: Option) -> st.SearchStrategy[Any]:
    """Return what an option may be."""
    if option.kind is Duration:
        return st.sampled_from(["1h", "7d", "perm"])
    if option.flag.words:
        return st.sampled_from(["1", "4", "#5 6", "7 7", "99", "x"])
    if option.choices:
        return st.sampled_from(option.choices)
    if option.name == "act":
        return st.sampled_from(["1", "9", "x"])
    return st.sampled_from([0, 40, 100]) if option.kind is int else st.just("file 7")


def options(verb: Verb[Any]) -> st.SearchStrategy[dict[str, object]]:
    """Return what a verb may be told."""
    known = options_of(verb)
    return st.fixed_dictionaries(
        {one.name: values_of(one) for one in known if one.is_required},
        optional={one.name: values_of(one) for one in known if not one.is_required},
    )


def acts(act: str) -> st.SearchStrategy[Do]:
    return st.builds(Do, st.integers(0, 2), st.just(act), st.integers(0, 9), options(ACTS[act]))


STEPS = st.lists(
    st.one_of(
        st.builds(Say, st.integers(0, 5), st.sampled_from(LINES), st.integers(0, 5)),
        st.sampled_from(list(ACTS)).flatmap(acts),
    ),
    min_size=15,
    max_size=30,
)


CLAIMING = (("claim", 0), ("claim", 1), ("give", 0), ("give", 0), ("release", 0), ("release", 0))


def claiming(noun: str, number: int, first: int) -> list[Do]:
    """Return what two of the staff try with a claim, `first` before the other; it is handed over to the third."""
    given: dict[str, object] = {"to": "{staff[2]}"}
    return [Do(abs(first - who), f"{noun} {verb}", number, given if verb == "give" else {}) for verb, who in CLAIMING]


A_WEEK: dict[str, object] = {"duration": "7d"}
MUTED: dict[str, object] = {"measure": "mute", "duration": "1h"}
NO_FOUNDER: dict[str, object] = {"measure": "create"}
EXPORTED: dict[str, object] = {"reason": "order 7"}
HELD: dict[str, object] = {"case": "file 7", "duration": "7d"}
HALT: dict[str, object] = {"what": "slow", "duration": "1h", "every": "1s"}
EACH: list[Say | Do] = [
    Say(3, "/apply quota 2"),
    *claiming("application", 0, 0),
    *(Do(0, "application approve", 0, {}) for _ in range(2)),
    Say(4, "/apply quota 3"),
    *(Do(0, "application reject", 1, {}) for _ in range(2)),
    Say(5, "/apply channel dry.news The News"),
    Do(0, "application approve", 2, {"label": "News"}),
    *(Do(0, "credential revoke", 0, {"kind": "label"}) for _ in range(2)),
    *(Do(0, "feature assess", 0, {"feature": "media", "sha256": "ab" * 32}) for _ in range(2)),
    *(Do(0, "feature stop", 0, {"feature": "media"}) for _ in range(2)),
    Say(0, "/me waves"),
    *(Do(2, "entry remove", 0, {"seqs": str(seq)}) for seq in range(1, 9)),
    *(Do(2, "text remove", 0, {"what": what}) for what in ("name", "name", "topic", "tag")),
    Do(0, "user suspend", 1, A_WEEK),
    Do(2, "user suspend", 6, A_WEEK),
    Do(0, "user restore", 1, {}),
    Do(0, "user restore", 1, {}),
    *(Do(2, "user unname", 3, {}) for _ in range(2)),
    Do(2, "user verify", 1, {"identity": "none"}),
    Do(0, "user verify", 1, {"identity": "person"}),
    Say(1, VERIFY),
    Do(0, "identity approve", 1, {}),
    Do(0, "identity approve", 1, {}),
    Say(2, VERIFY),
    Do(0, "identity reject", 2, {}),
    Do(0, "identity reject", 2, {}),
    Do(0, "role create", 1, {"role": "viewer"}),
    Do(0, "role create", 1, {"role": "viewer"}),
    Do(2, "role create", 2, {"role": "viewer"}),
    Do(0, "role delete", 1, {}),
    Do(0, "role delete", 1, {}),
    Do(0, "credit set", 1, {"score": 40}),
    Do(2, "credit set", 1, {"score": 30}),
    Do(0, "sanction reject", 1, {}),
    Do(0, "sanction create", 1, A_WEEK),
    Do(0, "sanction create", 1, A_WEEK),
    Say(3, "/appeal {of_group} it was not so"),
    Do(0, "appeal reject", 0, {}),
    Do(1, "appeal reject", 0, {}),
    Do(0, "sanction reject", 1, A_WEEK),
    Do(0, "sanction close", 1, {}),
    Do(0, "sanction close", 1, {}),
    Do(0, "group suspend", 1, A_WEEK),
    Do(0, "group restore", 1, {}),
    Do(0, "group restore", 1, {}),
    Say(0, "/limit 4"),
    Say(0, "/limit 15"),
    Do(0, "group reject", 0, {}),
    Do(0, "group reject", 0, {}),
    Say(0, "/limit 15"),
    Do(0, "group approve", 0, {}),
    Do(0, "group approve", 0, {}),
    Say(0, "/report @{user} spam", 2),
    *(step for number in (0, 1) for step in claiming("case", number, 0)),
    Do(0, "case close", 0, {"outcome": "dismissed", "suspend": "1h"}),
    *(Do(0, "case close", number, {"outcome": "upheld", "suspend": "1h"}) for number in (0, 1, 0, 1)),
    Do(0, "user restore", 2, {}),
    Do(0, "credit set", 4, {"score": 0}),
    Say(4, "/appeal {of_user} it was not so"),
    Say(0, "/mediate @{user} let us talk", 1),
    *(Do(who, "mediation take", number, {}) for who in (0, 1) for number in range(5)),
    *(step for number in (0, 1, 2) for step in claiming("appeal", number, 1)),
    *(Do(1, "appeal approve", number, {}) for number in (0, 1, 2, 0, 1, 2)),
    Do(0, "word create", 0, {"verdict": "hold"}),
    Do(0, "word create", 0, {"verdict": "hold"}),
    *(Say(1, "/me sees a snake"), Say(1, "/me sees another snake")),
    *(Do(0, act, 0, {}) for act in ("queue approve", "queue deny", "queue approve", "queue deny")),
    Do(0, "word create", 2, {}),
    Do(0, "word delete", 0, {}),
    Do(0, "word delete", 0, {}),
    Do(2, "group close", 1, {}),
    Do(0, "group close", 1, {}),
    Do(0, "group suspend", 1, A_WEEK),
    Do(2, "user close", 5, {}),
    Do(0, "user close", 5, {}),
    Do(0, "user suspend", 5, A_WEEK),
    *(Do(0, "sanction create", 4, options) for options in (MUTED, MUTED, MUTED | {"replace": True}, NO_FOUNDER)),
    *(Do(0, "sanction restore", 4, {"measure": "mute"}) for _ in range(2)),
    *(Do(who, "sanction approve", 0, {}) for who in (0, 1, 1)),
    Do(0, "sanction create", 5, NO_FOUNDER),
    *(Do(0, "sanction reject", number, {}) for number in (3, 4, 4)),
    *(Do(who, "filing approve", 0, {"identity": True}) for who in (0, 0, 1)),
    Do(0, "filing receipt", 0, {"number": "7"}),
    *(Do(0, "filing send", 0, {"form": form}) for form in ("json", "webhook")),
    Do(0, "filing receipt", 0, {"number": "7"}),
    *(Do(who, "node confirm", matter, {}) for who in (0, 2) for matter in (0, 1)),
    *(Do(0, "role train", target, {"course": "law"}) for target in (1, 7)),
    *(Do(who, "session close", 1, {}) for who in (2, 0, 0)),
    *(Do(who, "user recover", 1, {}) for who in (2, 0)),
    *(Do(who, "user unlock", 4, {}) for who in (2, 0, 0)),
    *(Do(who, "blacklist add", 1, {"scope": "join,post"}) for who in (2, 0, 0)),
    *(Do(0, "blacklist add", 7, {"duration": "perm"}) for _ in range(2)),
    *(Do(who, "blacklist remove", number, {}) for number in (1, 7) for who in (2, 0, 0)),
    *(Do(who, "emergency start", number, HALT) for who, number in ((2, 0), (0, 0), (0, 0), (0, 2))),
    *(Do(who, "emergency end", 0, {}) for who in (2, 0, 0)),
    *(Do(who, "announce create", 0, {"text": "repairs"}) for who in (2, 0)),
    *(Do(2, f"export {verb}", 0, EXPORTED) for verb in ("case", "approve")),
    *(Do(0, f"export {verb}", number, EXPORTED) for number in range(5) for verb in ("case", "approve")),
    *(Do(who, "segment confirm", 0, {}) for who in (2, 0)),
    *(Do(who, "hold create", 0, HELD | {"account": "{staff[1]}"}) for who in (2, 0)),
    *(
        Do(0, "hold create", 0, HELD | wrong)
        for wrong in ({}, {"account": "no.body"}, {"account": "{staff[1]}", "till": "perm"})
    ),
    *(Do(who, "hold end", 0, {}) for who in (2, 0, 0)),
    *(Do(0, f"export {verb}", number, {"reason": "file 7"}) for verb in ("approve", "case") for number in range(6)),
    *(Do(2, f"export {verb}", 0, {"reason": "file 7"}) for verb in ("approve", "case")),
    *(Do(0, f"duty {verb}", 0, {}) for verb in ("on", "on", "off", "off")),
]
"""A way to do each of the acts, and to be refused each of them."""


class Platform:
    """Members of two groups, and three of the staff: two may do everything, the third is a moderator."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.app = stage.node.app
        self.members: list[Seat] = [*stage.seats[0], *stage.seats[1]]
        self.staff: list[Wire] = []
        self.users = [seat.user for seats in stage.seats for seat in seats]
        self.codes = [seats[0].code for seats in stage.seats]

    async def stop_jobs(self) -> None:
        """Let nobody act but those here: what jobs do by themselves would look as if a dry run had done it."""
        node = self.stage.node
        await node.background.stop()
        node.background.start([Loop("commit_queue", node.commit_queue.run, 0)])
        await node.commit_queue.drain()

    async def appoint(self) -> None:
        """Give the members of the third group their platform roles."""
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        roles = (PlatformRole.SUPERADMIN, PlatformRole.SUPERADMIN, PlatformRole.MODERATOR)
        for seat, role in zip(self.stage.seats[2], roles, strict=True):
            account = await self.app.accounts.load(seat.user)
            assert account is not None
            assert await self.app.account_service.carry_out(account.state, GrantRole(role, "x"), machine) is None
            self.staff.append(await self.stage.connect(seat))
        account = await self.app.accounts.load(self.users[4])
        assert account is not None
        assert await self.app.account_service.carry_out(account.state, SetSecondFactor(1), account.actor()) is None

    async def measures(self) -> list[str]:
        return [one.case for one in await self.stage.store.ledger.list_filings()] or ["r-none"]

    async def of_cases(self, noun: str) -> list[str]:
        """Return the case numbers of what a noun is about."""
        if noun == "filing":
            return await self.measures()
        if noun == "queue":
            waiting = await self.stage.store.ledger.staff_queue(0, (0, "", 0), 100)
            return [f"{one.code}-{one.number}" for one in waiting] or ["1234-1"]
        if noun == "application":
            found = await self.stage.store.ledger.list_cases(CaseFilter(CaseKind.APPLICATION, newest=True))
            return [*reversed([one.number for one in found]), "q-none"]
        return [*await self.cases(), "r-none"]

    async def channels(self) -> list[str]:
        """Return the codes of public accounts."""
        return [row.code for row in await self.stage.store.channels.list_public()]

    async def emergencies(self) -> list[str]:
        return [one.number for one in await self.stage.store.ledger.emergencies(0)]

    async def cases(self) -> list[str]:
        return [case.number for case in await self.stage.store.ledger.list_cases(CaseFilter(), (0, ""), 100)]

    async def say(self, step: Say) -> None:
        """Let a member say a line; whether it may does not matter."""
        seat, whom = self.members[step.who], self.members[step.whom].user
        account, room = await self.app.accounts.load(seat.user), await self.app.rooms.load(seat.code)
        assert account is not None
        assert room is not None
        of_user, of_group = f"@{seat.user}-{account.state.version}", f"{seat.code}-{room.state.version}"
        try:
            async with await Wire.open(self.stage.url, seat.token) as wire:
                await wire.run(step.line.format(user=whom, of_user=of_user, of_group=of_group), seat.code)
        except (Refused, Closed):
            pass

    async def do(self, step: Do) -> str:
        """Do something as a dry run and then indeed, and compare. Return how it went."""
        verb = ACTS[step.act]
        # Whose sessions are ended, and who are tried with here, could do nothing any more.
        tried = {seat.user for seat in self.stage.seats[2]} if step.act == "session close" else set[str]()
        targets = {
            "USER": [*(user for user in self.users if user not in tried), "nobody.here"],
            "CODE": [*self.codes, "1234"],
            "SUBJECT": [*self.codes, *(f"@{user}" for user in self.users)],
            "SUBJECT|ENTRY": [*self.codes, *(f"@{user}" for user in self.users), "b-none"],
            "CODE|CASE": [*self.codes, *await self.cases()],
            "CASE": await self.of_cases(step.act.split()[0]),
            "CASE|CODE:SEQ": await self.of_cases("queue"),
            "WORD": ["snake", "oil", "/(/"],
            "MATTER": ["time", "removal", "love"],
            "SCOPE": ["platform", "category:general", "category:none", *self.codes],
            "NUMBER": [*await self.emergencies(), "e-none"],
            "CHANNEL": [*await self.channels(), "1234"],
            "HOLD": [*await self.app.holds.by_staff(), "h-none"],
            "": [None],
        }[verb.argument.metavar if verb.argument else ""]
        target = targets[step.target % len(targets)]
        before = await self.picture()
        told = await self.ask(step, target, dry_run=True)
        assert await self.picture() == before, "a dry run changed something"
        came = await self.ask(step, target, dry_run=False)
        assert told == came, f"{step.act} {target} {step.options} by {step.who}"
        if came == 0 or isinstance(came, str):
            assert await self.picture() == before, "what was refused changed something"
        return "refused" if isinstance(came, str) else "done" if came else "nothing to do"

    async def ask(self, step: Do, target: str | None, *, dry_run: bool) -> int | str | None:
        """Return how much is changed, or the code of the refusal."""
        noun, verb = step.act.split()
        staff = [seat.user for seat in self.stage.seats[2]]
        options = {
            name: value.format(staff=staff) if name in ("to", "account") else value
            for name, value in step.options.items()
        }
        fields: dict[str, Any] = {"noun": noun, "verb": verb, "options": options}
        try:
            result = await self.staff[step.who].ask(rq.Admin, target=target, reason="seen", dry_run=dry_run, **fields)
        except Refused as refused:
            return refused.code
        assert isinstance(result.changed, int)
        return result.changed

    async def picture(self) -> dict[str, object]:
        """Return all that is stored and in memory of those whom acts are about."""
        ledger, seen = self.stage.store.ledger, dict[str, object]()
        streams = [*map(group_stream, self.codes), *map(account_stream, self.users)]
        for stream in [*streams, *map(case_stream, await self.cases())]:
            seen[stream] = len(await ledger.events(stream, 0, 1000))
        for code in self.codes:
            room = await self.app.rooms.load(code)
            assert room is not None
            seen[code] = copy.deepcopy(room.state), await ledger.load_group(code)
        for user in self.users:
            account = await self.app.accounts.load(user)
            assert account is not None
            state = copy.deepcopy(account.state), account.actor(), frozenset(account.groups)
            stored = await ledger.load_account(user)
            assert stored is not None
            # What everybody is told comes to each account in its own time.
            stored = structs.replace(stored, has_unread=False)
            seen[user] = state, stored, await ledger.list_identities(user)
            seen[f"asked {user}"] = await ledger.identity_request(user)
        seen["bars"] = await ledger.list_bars()
        seen["filings"] = await ledger.list_filings()
        seen["words"] = await ledger.platform_words()
        seen["in force"] = await ledger.emergencies(0), await ledger.announcements(0), self.stage.node.in_force.news
        return seen


async def play(place: Path, steps: list[Say | Do]) -> list[tuple[Do, str]]:
    """Go through the steps; return those of the staff with what came of them."""
    came: list[tuple[Do, str]] = []
    async with staged(place, **CONFIG) as stage:
        platform = Platform(stage)
        await platform.stop_jobs()
        await platform.appoint()
        for step in steps:
            if isinstance(step, Say):
                await platform.say(step)
            else:
                came.append((step, await platform.do(step)))
    return came


@examples(8)
@given(steps=STEPS)
def test_a_dry_run_tells_what_the_act_does(tmp_path_factory: pytest.TempPathFactory, steps: list[Say | Do]) -> None:
    asyncio.run(play(tmp_path_factory.mktemp("dry"), steps))


async def test_each_act_is_tried_where_it_is_done_and_where_it_is_refused(tmp_path: Path) -> None:
    came = await play(tmp_path, EACH)
    for outcome in ("done", "refused"):
        assert [act for act in ACTS if not any((step.act, it) == (act, outcome) for step, it in came)] == []
