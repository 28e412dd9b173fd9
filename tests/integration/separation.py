"""Somebody in each state that `folkmoot_governance.access` knows, in groups that have secrets.

The store takes nothing any more once all is prepared: what is allowed and would change something is answered
`unavailable`, and who asks next finds everything as it was. So each asks everything, in any order.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from folkmoot_governance import Actor
from folkmoot_governance.access import (
    IN_EMERGENCY,
    MEASURED,
    STATES,
    Lacks,
    Need,
    Needs,
    State,
    lacks_of,
    needs_of_command,
    needs_of_rule,
    refused_with,
)
from folkmoot_governance.account_commands import GrantRole
from folkmoot_governance.actor import PlatformRole
from folkmoot_governance.group import commands as c
from folkmoot_governance.measures import BY_NAME
from folkmoot_governance.permissions import READS, SCOPED
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import Role
from folkmoot_server.storage.change_set import Profile
from folkmoot_server.storage.changes import profile_row
from tests.integration.server import PASSWORD, Seat
from tests.integration.wire import Refused, Wire, refused
from tests.unit.server.stores import Stage, config_of, opened, seated

LIMITS = ("requests_per_second", "posts_per_second", "acts_per_minute", "group_acts_per_minute", "sign_ins_per_minute")
CONFIG: dict[str, object] = {
    **{f"limits__{name}": 0 for name in (*LIMITS, "connections_per_address")},
    "limits__auth_seconds": 600,
    "policy__identity__to_post": "mobile",
    "policy__identity__to_create_group": "mobile",
    "policy__groups__tries_per_hour": 0,
    "policy__groups__kick_wait_minutes": 10,
}
OLD, NEW = "A1", "A2"

OWNER, ADMIN, MEMBER, VICTIM, DEPUTY, BANNED, SILENCED, KICKED = range(SEATS := 8)
"""Who sits where in a group: things are done to `VICTIM`, a plain member, and to `DEPUTY`, another admin."""
AT = {Role.OWNER: OWNER, Role.ADMIN: ADMIN, Role.MEMBER: MEMBER}
ELSEWHERE = 10
"""Groups of those who are in none of the others."""

HOMES = [state for state in STATES if state.roles != (None,)]
"""States that somebody inside of a group can be in: each has a group of its own, which also has an outsider."""

SECRET = re.compile(r"zq([a-z_]+?)(\d+)zq")


def secret(name: str, home: int) -> str:
    """Return a text that stands nowhere else."""
    return f"zq{name}{home}zq"


INSIDE = frozenset({Need.MEMBERSHIP})
READ_AS = {"join_answer": "requests", "word": "words", "held": "held", "answers": "answers", "appeal": "appeals"}
"""Secrets that a row of `permissions.READS` is about."""
READ_BY: dict[str, Needs] = {
    **dict.fromkeys(("entry", "announcement", "tag", "nick", "reason"), INSIDE),
    **{name: needs_of_rule(READS[row]) for name, row in READ_AS.items()},
    "note": needs_of_command(c.WriteNote, says=False),
    **dict.fromkeys(("report", "mediation"), frozenset({Need.STAFF})),
}
"""What it takes to read a secret."""
READ_BY_STAFF = {
    # An announcement is an entry, and an entry has the tag of its author.
    **dict.fromkeys(("entry", "announcement", "tag", "report", "appeal"), "open_case"),
    "held": "review_post",
}
"""Acts that open a secret to staff, for a case."""


OPENS = frozenset({Need.SESSION, Need.STAFF, Need.SCOPE, Need.WORK})


class Person(Struct):
    """Somebody in a state, with a role in the group of `home`. `targets` is what requests and lines name."""

    state: State
    role: Role | None
    home: int
    seat: Seat
    targets: dict[str, object] = {}
    wire: Wire | None = None

    def __str__(self) -> str:
        return f"{self.role or 'outsider'}, {self.state.name}"

    @property
    def lacks(self) -> Lacks:
        return lacks_of(self.role, self.state)

    def may_read(self, name: str, home: int) -> bool:
        """Say whether somebody may read a secret of a group."""
        acts = (READ_BY_STAFF[name],) if name in READ_BY_STAFF else ()
        at_home = home == self.home
        if acts and not refused_with(OPENS, lacks_of(self.role, self.state, acts)):
            return at_home or self.state.platform not in SCOPED
        return not refused_with(READ_BY[name] | {Need.SESSION}, self.lacks if at_home else lacks_of(None, self.state))


class Came(Struct):
    """What came of asking: the code of the refusal, empty where there was none, and the secrets that were told."""

    code: str
    told: set[tuple[str, int]]


class World:
    """All of them. `people` in the order of the table of states."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.people: list[Person] = []
        self.applicants: list[Seat] = []
        """Somebody who asks to join, for each group."""

    async def ask(self, person: Person, kind: type[rq.Request], **fields: object) -> Came:
        """Let somebody ask. Who is not signed in may ask little on one connection, and takes the next one."""
        assert person.wire is not None
        came = await ask(person.wire, kind, **fields)
        if came.code == ErrorCode.RATE_LIMITED and not person.state.signed_in:
            await person.wire.close()
            person.wire = await Wire.open(self.stage.url)
            came = await ask(person.wire, kind, **fields)
        return came

    async def goes_on(self) -> list[int]:
        """Have people who are in no state say and do something in each group, as far as they may there; return the
        groups in which one may post."""
        posted = []
        for home, applicant in enumerate(self.applicants):
            victim, silenced = self.stage.seats[home][VICTIM], self.stage.seats[home][SILENCED]
            code = victim.code
            said = [
                (victim, rq.Post, {"body": secret("entry", home)}),
                (victim, rq.Post, {"body": f"{secret('held', home)} {secret('word', home)}"}),
                (silenced, rq.RunCommand, {"line": f"/report @{victim.user} spam {secret('report', home)}"}),
                (applicant, rq.JoinGroup, {"answer": secret("join_answer", home)}),
            ]
            for seat, kind, fields in said:
                with contextlib.suppress(Refused):
                    result = await (await self.stage.connect(seat)).ask(kind, group=code, **fields)
                    posted += [home] if isinstance(result, rs.PostResult) else []
        return posted

    @contextlib.contextmanager
    def storing(self) -> Iterator[None]:
        """Let the store take something again, meanwhile."""
        failures, self.stage.store.failures = self.stage.store.failures, 0
        try:
            yield
        finally:
            self.stage.store.failures = failures

    async def pictures(self) -> list[tuple[int, int]]:
        """Return what tells whether something has changed in a group."""
        found = []
        for seats in self.stage.seats:
            room = await self.stage.node.app.rooms.load(seats[0].code)
            assert room is not None
            found.append((room.state.version, room.last_seq))
        return found


class Builder:
    """Brings the states about."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seats = stage.seats
        self.spare = [seat for seats in stage.seats[len(HOMES) :] for seat in seats[1:]]
        self.targets: list[dict[str, object]] = [{} for _ in HOMES]
        self.own: list[dict[Role | None, int]] = [{} for _ in HOMES]
        self.root: Wire
        self._wires: dict[str, Wire] = {}

    async def wire(self, seat: Seat) -> Wire:
        """Return the connection of somebody."""
        if seat.user not in self._wires:
            self._wires[seat.user] = await self.stage.connect(seat)
        return self._wires[seat.user]

    async def appoint(self) -> None:
        """Let one of the staff do what the platform does."""
        seat = self.spare.pop()
        app = self.stage.node.app
        account = await app.accounts.load(seat.user)
        assert account is not None
        machine = Actor("", platform=PlatformRole.SUPERADMIN)
        assert not await app.account_service.carry_out(account.state, GrantRole(PlatformRole.SUPERADMIN, "x"), machine)
        self.root = await self.wire(seat)

    async def administer(self, line: str, target: str, **options: object) -> None:
        """Let staff do something."""
        noun, verb = line.split()
        fields = {"noun": noun, "verb": verb, "target": target, "options": options}
        await self.root.ask(rq.Admin, reason="so it is", **fields)

    async def plant(self, home: int) -> None:
        """Put secrets into a group, and what requests can be about."""
        seats = self.seats[home]
        code = seats[OWNER].code
        users = [seat.user for seat in seats]
        owner, victim, silenced = [await self.wire(seats[at]) for at in (OWNER, VICTIM, SILENCED)]
        applicant, guest = self.spare.pop(), self.spare.pop()
        seq = await victim.post(code, f"tea {secret('entry', home)}")
        own = {role: await (await self.wire(seats[at])).post(code, "tea of mine") for role, at in AT.items()}
        self.own[home].update(own)
        await victim.run(f"/nick {secret('nick', home)}", code)
        report = (await silenced.run(f"/report {seq} spam {secret('report', home)}", code)).data["case"]
        mediation = (await victim.run(f"/mediate @{users[SILENCED]} {secret('mediation', home)}", code)).data["case"]
        for line in (
            f"/announce {secret('announcement', home)}",
            f"/tag @{users[VICTIM]} {secret('tag', home)}",
            f"/note @{users[VICTIM]} {secret('note', home)}",
            f"/warn @{users[VICTIM]} rude",
            f"/word add hold {secret('word', home)}",
            f"/question Tea? = {secret('answers', home)}",
            "/joinmode approval",
            f"/ban @{users[BANNED]} 7d",
            f"/invite @{guest.user}",
            f"/pin {seq}",
            f"/promote @{users[ADMIN]}",
            f"/promote @{users[DEPUTY]}",
        ):
            await owner.run(line, code)
        measure = (await owner.run(f"/mute @{users[SILENCED]} 7d {secret('reason', home)}", code)).data["case"]
        appeal = (await silenced.run(f"/appeal {measure} {secret('appeal', home)}", code)).data["case"]
        invite_code = (await owner.run("/invite code", code)).data["code_id"]
        await refused(victim.post(code, f"{secret('held', home)} {secret('word', home)}"), "content_held")
        await (await self.wire(applicant)).run(f"/join {code} {secret('join_answer', home)}")
        held = (await owner.run("/queue", code)).data["items"][0]["number"]
        self.targets[home].update(
            {
                "code": code,
                "seq": seq,
                "held": held,
                "case": measure,
                "appeal": appeal,
                "report": report,
                "victim": users[VICTIM],
                "deputy": users[DEPUTY],
                "silenced": users[SILENCED],
                "banned": users[BANNED],
                "applicant": applicant.user,
                "guest": guest.user,
                "robot": f"robo-{code}",
                "own": own,
                "mediation": mediation,
                "invite_code": invite_code,
            }
        )

    async def put(self, state: State, person: Person) -> None:
        """Bring somebody into a state."""
        user, code = person.seat.user, self.seats[person.home][OWNER].code
        owner = await self.wire(self.seats[person.home][OWNER])
        if state in MEASURED:
            if state.platform is not None:
                await self.administer("role create", user, role=state.platform.value)
            await self.administer("sanction create", f"@{user}", measure=BY_NAME[state.name].measure.value)
            if person.role is Role.MEMBER:
                await self.appeal(person)
        elif state.platform is not None:
            cases = self.targets[1]["report"], f"{self.targets[0]['report']} {self.targets[0]['to_staff']}"
            scope = {"case": cases[Need.SCOPE not in state.lacks], "duration": "7d"} if state.platform in SCOPED else {}
            await self.administer("role create", user, role=state.platform.value, **scope)
        elif state.name == "former staff":
            await self.administer("role create", user, role="superadmin")
            await self.administer("role delete", user)
        elif state.name == "suspended":
            await self.administer("user suspend", user, duration="7d")
        elif state.name == "unverified":
            await self.administer("user verify", user, identity="none")
        elif state.name == "muted":
            await owner.run(f"/mute @{user} 7d", code)
        elif state.name == "without permissions":
            await owner.run(f"/demote @{user}", code)
            await owner.run(f"/promote @{user} none", code)
        elif state.name == "former admin":
            await owner.run(f"/promote @{user}", code)
            await owner.run(f"/demote @{user}", code)
        elif state.name == "kicked":
            await owner.run(f"/kick @{user}", code)
        elif state in IN_EMERGENCY and person.role is None:
            await self.administer("emergency start", code, what=state.name.rpartition(" ")[2], duration="7d")
        elif state.name == "in a suspended group" and person.role is None:
            await self.administer("group suspend", code, duration="7d")

    async def appeal(self, person: Person) -> None:
        """Let somebody appeal against what the platform has done last: that is for staff to decide."""
        wire = await self.wire(person.seat)
        (notice, *_) = (await wire.run("/sanctions")).data["items"]
        opened = await wire.run(f"/appeal {notice['case']} it was not so")
        for one in self.targets:
            one |= {"to_staff": opened.data["case"], "taken": notice["case"]}

    async def set_password(self, password_hash: str, person: Person) -> None:
        """Give somebody the password that all know here."""
        user = person.seat.user
        profile = Profile(user, user.capitalize(), password_hash, "en")
        assert await self.stage.node.app.account_service.store_rows(user, [profile_row(profile)]) is None

    def people(self) -> list[Person]:
        """Return who is there, the owner of each group last: who is in a state does less than before."""
        found = []
        for state in STATES:
            home = HOMES.index(state) if state in HOMES else 0
            for role in sorted(state.roles, key=lambda role: (role is not None, role == Role.OWNER)):
                seat = self._seat(state, role, home)
                found.append(Person(state, role, home, seat))
        return found

    def targets_of(self, person: Person) -> dict[str, object]:
        """Return what somebody names."""
        targets = {**self.targets[person.home], "me": person.seat.user}
        return {**targets, "own": self.own[person.home].get(person.role, targets["seq"])}

    def _seat(self, state: State, role: Role | None, home: int) -> Seat:
        if role is not None:
            return self.seats[home][AT[role]]
        inside = {"banned": BANNED, "kicked": KICKED}
        if state.name in inside:
            return self.seats[home][inside[state.name]]
        return Seat("nobody.here", "no-such-token", "") if state.name == "stranger" else self.spare.pop()


@contextlib.asynccontextmanager
async def world(place: Path) -> AsyncIterator[World]:
    """Prepare everything under the terms of old; then those of today come, and the store takes nothing any more."""
    documents = place / "data" / "documents"
    documents.mkdir(parents=True)

    def lay_down(version: str) -> None:
        (documents / "agreement.en.md").write_text(f"version: {version}\nBe kind.", "utf-8")

    lay_down(OLD)
    config = config_of(place, CONFIG)
    seats = await seated(place, len(HOMES) + ELSEWHERE, SEATS, OLD)
    async with opened(config, seats) as stage:
        builder = Builder(stage)
        await builder.appoint()
        await asyncio.gather(*map(builder.plant, range(len(HOMES))))
        people = builder.people()
        password_hash = await stage.node.app.sign_in._passwords.hash("", PASSWORD, ())
        assert isinstance(password_hash, str)
        for person in people:
            await builder.put(person.state, person)
            if not person.state.signed_in and person.seat.code:
                await builder.set_password(password_hash, person)
        for person in people:
            person.targets = builder.targets_of(person)
    lay_down(NEW)
    async with opened(config, seats) as stage:
        found = World(stage)
        found.people, found.applicants = people, [builder.spare.pop() for _ in HOMES]
        for seat in (*found.applicants, *(seats[home][at] for home in range(len(HOMES)) for at in (VICTIM, SILENCED))):
            await (await stage.connect(seat)).ask(rq.AcceptAgreement, version=NEW)
        for person in people:
            person.wire = await (stage.connect(person.seat) if person.state.signed_in else Wire.open(stage.url))
            if person.state.signed_in and person.state.name != "agreement declined":
                await person.wire.ask(rq.AcceptAgreement, version=NEW)
        await stage.rest()
        stage.store.failures = 1 << 60
        try:
            yield found
        finally:
            stage.store.failures = 0
            for person in people:
                assert person.wire is not None
                await person.wire.close()


async def ask(wire: Wire, kind: type[rq.Request], **fields: object) -> Came:
    """Ask, and look at all that came meanwhile."""
    since = len(wire.log)
    try:
        await wire.ask(kind, **fields)
        code = ""
    except Refused as refusal:
        code = refusal.code
    return Came(code, secrets_in(wire, since))


def secrets_in(wire: Wire, since: int = 0) -> set[tuple[str, int]]:
    """Return the secrets in what a connection was sent."""
    text = msgspec.json.encode(wire.log[since:]).decode()
    return {(name, int(home)) for name, home in SECRET.findall(text)}
