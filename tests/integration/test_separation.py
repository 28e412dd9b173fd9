"""Everybody asks everything. In each state that the tables know somebody tries each request, is refused with the code
that the tables say, or not for who asks; and nobody is told what is not for them (W6).

What is expected comes from the tables of the rules alone: `access`, `permissions`, `published`, `measures`. What stands
here is what requests and lines are about, and no exceptions.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import partial
from itertools import count, groupby
from typing import Any
from urllib.parse import urlsplit

import argon2
import pytest
import pytest_asyncio
from msgspec import Struct, structs

from folkmoot_governance import access
from folkmoot_governance.access import (
    ROLES,
    STATES,
    Need,
    Needs,
    lacks_of,
    needs_of_request,
    refused_with,
)
from folkmoot_governance.group import commands as c
from folkmoot_governance.measures import MEASURES
from folkmoot_governance.permissions import IN_CHANNELS_ALONE, READS, RULES
from folkmoot_governance.reading import ACT as READ_TEXTS
from folkmoot_governance.restrictions import Measure, Subject
from folkmoot_protocol import requests as rq
from folkmoot_protocol.admin import content, queue
from folkmoot_protocol.admin.registry import VERBS
from folkmoot_protocol.admin.row import Duration, Option, Verb, options_of
from folkmoot_protocol.admin.sanctions import TAKE_MEASURE
from folkmoot_protocol.errors import ErrorCode
from folkmoot_protocol.types import JoinMode
from folkmoot_server.slash.registry import COMMANDS, find_slash
from tests.integration.lines import LINES, needs_of_line
from tests.integration.separation import HOMES, NEW, READ_AS, SECRET, Person, World, secrets_in, world
from tests.integration.server import PASSWORD
from tests.integration.test_slash import ABOUT_CHANNELS

in_one_loop = pytest.mark.asyncio(loop_scope="module")

NOT_FOR_WHO_ASKS = {ErrorCode.BAD_REQUEST, ErrorCode.AUTH_FAILED, ErrorCode.NO_SUCH_ENTRY}
"""Codes with which something can be refused besides."""
DENIALS = {code for lacks in (*ROLES.values(), *(one.lacks for one in STATES)) for code in lacks.values()}
DENIALS -= NOT_FOR_WHO_ASKS


class Try(Struct):
    """Something that somebody asks, and what it needs; `acts`: of staff."""

    what: str
    needs: Needs
    kind: type[rq.Request]
    fields: dict[str, object]
    acts: tuple[str, ...] = ("read",)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everybody(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Somebody in each state. Passwords are hashed at little cost: many are tried."""
    with pytest.MonkeyPatch.context() as patched:
        cheap = partial(argon2.PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
        patched.setattr("folkmoot_server.crypto.passwords.PasswordHasher", cheap)
        async with world(tmp_path_factory.mktemp("separation")) as found:
            yield found


VALUES: dict[str, object] = {
    "password": PASSWORD,
    "new": "quite another phrase",
    "agreement": NEW,
    "version": NEW,
    "display_name": "Nina",
    "language": "en",
    "device": "phone",
    "user": "{me}",
    "register.user": "nina.is.new",
    "account.user": "{victim}",
    "report.user": "{victim}",
    "token": "{token}",
    "text": "tea",
    "code": "ABCD-EFGH-IJKL",
    "number": "13912345678",
    "up_to": "9",
    "act": "begin",
    "name": "Tea room",
    "category": "general",
    "topic": "Tea",
    "join_mode": JoinMode.OPEN,
    "group": "{code}",
    "answer": "let me in",
    "body": "hello",
    "seq": "{seq}",
    "edit.seq": "{own}",
    "reaction": "👍",
    "cursors": {"{code}": 0},
    "reason": "spam",
    "size": 1000,
    "ids": ("x" * 22,),
}
"""What a field of a request says; what is not here is not given."""

OF_OTHER_DOORS = (rq.RunCommand, rq.Admin, rq.Apply)
"""An application is about a channel, and there are none here: see `test_public_channels`."""


NEWCOMERS = (f"nobody{number}" for number in count())
"""Of no account wrong passwords are tried too often."""


def fill(value: object, person: Person) -> object:
    """Return a value with what it is about in it."""
    if isinstance(value, dict):
        return {fill(key, person): one for key, one in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value
    targets = {**person.targets, "token": person.seat.token}
    if not person.seat.code:
        targets["me"] = next(NEWCOMERS)
    return targets[value[1:-1]] if value.startswith("{") and value.endswith("}") else value.format(**targets)


def ways() -> Iterator[tuple[type[rq.Request], tuple[str, ...]]]:
    """Yield each request with what must be given, with all that can be, and with each other field by itself."""
    for name, kind in rq.REQUESTS.items():
        if kind in OF_OTHER_DOORS:
            continue
        known = [one for one in structs.fields(kind) if one.name in VALUES or f"{name}.{one.name}" in VALUES]
        needed = tuple(one.name for one in known if one.required)
        more = [one.name for one in known if not one.required]
        yield from dict.fromkeys((kind, (*needed, *some)) for some in ((), *((one,) for one in more), tuple(more)))


async def everyone(everybody: World, tries: Callable[[Person], Iterator[Try]]) -> None:
    """Let everybody try everything: those who share a group one after the other, the groups at the same time."""
    before, wrong = await everybody.pictures(), list[str]()

    async def at(people: Iterable[Person]) -> None:
        for person in people:
            for one in tries(person):
                wrong.extend(await look(everybody, person, one))

    by_home = groupby(sorted(everybody.people, key=lambda person: person.home), lambda person: person.home)
    await asyncio.gather(*[at(list(people)) for _, people in by_home])
    assert not wrong, "\n".join(wrong)
    assert await everybody.pictures() == before


async def look(everybody: World, person: Person, one: Try) -> list[str]:
    """Let somebody ask; return what is not as the tables say."""
    came = await everybody.ask(person, one.kind, **one.fields)
    expected = refused_with(one.needs, lacks_of(person.role, person.state, one.acts))
    wrong = []
    if came.code not in expected if expected else came.code in DENIALS:
        wrong.append(f"{came.code or 'allowed'} instead of {' '.join(sorted(expected)) or 'allowed'}")
    told = sorted(name for name, home in came.told if not person.may_read(name, home))
    if told:
        wrong.append(f"is told {' '.join(told)}")
    return [f"{person}: {one.what}: {said}" for said in wrong]


@in_one_loop
async def test_requests(everybody: World) -> None:
    def tries(person: Person) -> Iterator[Try]:
        for kind, given in ways():
            name = str(kind.__struct_config__.tag)
            fields = {one: fill(VALUES.get(f"{name}.{one}", VALUES.get(one)), person) for one in given}
            yield Try(f"{name} {' '.join(given)}", needs_of_request(kind(id=1, **fields)), kind, fields)

    await everyone(everybody, tries)


def test_there_is_a_line_for_every_command() -> None:
    """Each of them, each command that members give to a group, and each thing that is read of one."""
    of_groups = {row for row in COMMANDS if row.name not in ABOUT_CHANNELS | {"apply"}}
    assert {find_slash(line.split()[0].removeprefix("/")) for line in LINES} == of_groups
    assert {what for what in LINES.values() if isinstance(what, type)} == {c.CreateGroup, *RULES} - IN_CHANNELS_ALONE
    read = {what for what in LINES.values() if isinstance(what, str)}
    assert read | set(READ_AS.values()) == READS.keys() | access.CASES.keys()


WAYS = ("command", "post", "outside")
"""How a line is typed. Those that need no group can be typed outside of any."""


@in_one_loop
async def test_slash_commands(everybody: World) -> None:
    """Each line in each way in turn: by who comes next, in the next one."""
    asked: list[tuple[str, list[tuple[str, Needs]]]] = []
    for line, what in LINES.items():
        row = find_slash(line.split()[0].removeprefix("/"))
        assert row is not None
        ways = WAYS[: 2 if row.in_group else 3]
        asked.append((line, [(way, needs_of_line(line, what, in_group=way != "outside")) for way in ways]))
    numbers = {str(person): number for number, person in enumerate(everybody.people)}

    def tries(person: Person) -> Iterator[Try]:
        for number, (line, ways) in enumerate(asked, numbers[str(person)]):
            way, needs = ways[number % len(ways)]
            typed, code = line.format(**person.targets, text="tea for two"), person.targets["code"]
            if way == "post":
                yield Try(f"{line} (post)", needs, rq.Post, {"body": typed, "group": code})
            else:
                group = {"group": code} if way == "command" else {}
                yield Try(f"{line} ({way})", needs, rq.RunCommand, {"line": typed, **group})

    await everyone(everybody, tries)


TARGETS = {
    "USER": "{victim}",
    "CODE": "{code}",
    "SUBJECT": "{code}",
    "SUBJECT|ENTRY": "{code}",
    "CODE|CASE": "{code}",
    "CASE|CODE:SEQ": "{code}-{held}",
    "CASE|USER": "{victim}",
    "WORD": "tea",
    "MATTER": "time",
    "SCOPE": "{code}",
    "NUMBER": "e-none",
    "DRAWN": "00ff",
}
"""What verbs are about, as their rows call it."""
CASES = {
    "case": "{report}",
    "appeal": "{to_staff}",
    "mediation": "{mediation}",
    "sanction": "{taken}",
    "filing": "{taken}",
    "queue": "{code}-{held}",
    "export": "{report}",
    "application": "{report}",
}
"""The cases of a noun."""


RULE_FILE = """
format = 1
name = "house"
version = "1"

[[rules]]
id = "tea"
kind = "term"
severity = "low"
entries = "tea"
"""
READ_FOR_CASES = (content.ForCase, queue.ForCase)
"""Options of verbs that read what people wrote where a case is named."""

ADMINISTERS = needs_of_request(rq.Admin(id=1, noun="", verb=""))


def value_of(option: Option) -> object:
    """Return what an option that must be given says."""
    if option.kind is Duration:
        return "1h"
    return option.choices[0] if option.choices else 40 if option.kind is int else "1"


def tries_of(verbs: Iterable[Verb[Any]]) -> Callable[[Person], Iterator[Try]]:
    """Return how verbs of administration are tried: with what must be given, and for a case where they read for one."""

    def tries(person: Person) -> Iterator[Try]:
        for verb in verbs:
            named = verb.argument.metavar if verb.argument else ""
            target = CASES[verb.noun.name] if named == "CASE" else TARGETS.get(named)
            options = {one.name: value_of(one) for one in options_of(verb) if one.is_required}
            fields: dict[str, object] = {
                "noun": verb.noun.name,
                "verb": verb.name,
                "target": target and target.format(**person.targets),
                "reason": "so it is",
                **({"text": RULE_FILE} if verb.file else {}),
            }
            needs = ADMINISTERS | ({Need.SCOPE} if named == "CASE" else set())
            yield Try(str(verb), needs, rq.Admin, {**fields, "options": options}, (verb.permission,))
            if issubclass(verb.options, READ_FOR_CASES):
                options |= {"case": "file 7"}
                acts = verb.permission, READ_TEXTS
                yield Try(f"{verb} --case", needs, rq.Admin, {**fields, "options": options}, acts)

    return tries


def tries_of_measures(person: Person) -> Iterator[Try]:
    """Yield each measure that is taken against an account or a group, which takes the act in its row as well."""
    verb, subjects = TAKE_MEASURE, {Subject.ACCOUNT: "@{victim}", Subject.GROUP: "{code}"}
    known = next(option.choices for option in options_of(verb) if option.name == "measure")
    for row in (one for one in MEASURES if not one.of_channels):
        if row.subject in subjects and row.measure in known:
            fields = {
                "noun": verb.noun.name,
                "verb": verb.name,
                "target": subjects[row.subject].format(**person.targets),
                "reason": "so it is",
                "options": {"measure": row.measure.value, **({"score": 40} if row.measure is Measure.CREDIT else {})},
            }
            yield Try(f"{verb} {row.name}", ADMINISTERS, rq.Admin, fields, (verb.permission, row.act))


@in_one_loop
async def test_verbs_of_administration(everybody: World) -> None:
    """What only reads may store who has read what."""
    reading = [verb for verb in VERBS.values() if verb.permission.startswith(("read", "open", "export"))]
    await everyone(everybody, tries_of([verb for verb in VERBS.values() if verb not in reading]))
    await everyone(everybody, tries_of_measures)
    with everybody.storing():
        await everyone(everybody, tries_of(reading))


@in_one_loop
async def test_what_is_said_is_delivered_to_those_whom_it_is_for(everybody: World) -> None:
    """Something is posted, held, asked and reported in each group while everybody listens."""
    since = {str(person): len(person.wire.log) for person in everybody.people if person.wire is not None}
    with everybody.storing():
        posted = await everybody.goes_on()
    assert len(posted) == len(HOMES) - 2, "in a suspended group, and in one that is read-only, nobody posts"
    wrong = []
    for person in everybody.people:
        assert person.wire is not None
        if person.state.signed_in:
            await person.wire.ask(rq.ListGroups)
        told = secrets_in(person.wire, since[str(person)])
        wrong += [f"{person}: is told {name}" for name, home in told if not person.may_read(name, home)]
        if person.home in posted and person.role and person.state.signed_in and ("entry", person.home) not in told:
            wrong.append(f"{person}: is not told entry")
    assert not wrong, "\n".join(wrong)


@in_one_loop
async def test_pages_show_nobody_a_secret(everybody: World) -> None:
    """Whoever opens a page is a stranger."""
    place = urlsplit(everybody.stage.url)
    codes = {person.targets["code"] for person in everybody.people}
    for path in ("/metrics", "/rules", *(f"/groups/{code}" for code in sorted(map(str, codes)))):
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n".encode())
        page = (await reader.read()).decode()
        writer.close()
        assert page.startswith("HTTP/1.1 200") and not SECRET.findall(page), path
