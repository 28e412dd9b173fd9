"""Texts that would act if anything took them for markup, put wherever somebody can type a text that others read."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from folkmoot_governance import published as table
from folkmoot_protocol import requests as rq
from folkmoot_protocol.names import MAX_ANNOUNCEMENT, MAX_DISPLAY_NAME, MAX_RULES, MAX_TOPIC, check_user_name
from folkmoot_protocol.types import ChannelForm, Repost
from tests.integration.server import PASSWORD, Seat, Server
from tests.integration.wire import Refused, Wire

PAYLOADS = tuple((Path(__file__).parents[1] / "data" / "xss-payloads.txt").read_text("utf-8").splitlines())
IMAGE = "<img src=x onerror=hit()>"
SVG = "<svg onload=hit()>"
HANDLE = "daily.news"
TALKERS = 12


class Planted(NamedTuple):
    """Where the texts are: a group with posts, names and measures, one whose door has a question; `posts` of the
    reader's channel and of a public account; how many of each text were taken, by the text's name. `root` is staff."""

    root: Seat
    group: str
    asking: str
    post: int
    public_post: int
    taken: dict[str, int]


def together(longest: int) -> Iterator[str]:
    """All payloads, several in a text of at most so many characters."""
    held = ""
    for payload in PAYLOADS:
        if len(held) + len(payload) >= longest:
            yield held
            held = ""
        held = f"{held} {payload}".strip()
    yield held


class Planter:
    """Puts the texts. `owner` of the groups is the reader. In `hall` nothing is said aloud, so that it can have a
    member for each payload; some of them talk in the group `code`."""

    def __init__(self, owner: Wire, root: Wire, members: list[Wire], hall: str) -> None:
        self.owner, self.root, self.members, self.hall = owner, root, members, hall
        self.code = ""
        self.taken: dict[str, int] = dict.fromkeys((row.name for row in table.TEXTS), 0)

    async def put(self, text: table.Text, tries: Iterable[Awaitable[Any]]) -> list[Any]:
        """Await requests that carry a kind of text; return what was taken. What the server will not have is refused."""
        answers = await asyncio.gather(*tries, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Refused):
                raise answer
        taken = [answer for answer in answers if not isinstance(answer, BaseException)]
        self.taken[text.name] += len(taken)
        return taken

    def each(self, ask: Callable[[Wire, str], Awaitable[Any]]) -> list[Awaitable[Any]]:
        """One request for each payload, by a member of its own."""
        return [ask(wire, payload) for wire, payload in zip(self.members, PAYLOADS, strict=True)]

    async def talk(self) -> None:
        """Names, tags, posts and edits: what stands in the log, and over it."""
        owner = self.owner
        self.code = code = await owner.create("Seed swap", join_mode="open")
        await owner.run("/ladder off", code)
        talkers = self.members[:TALKERS]
        await asyncio.gather(*(wire.ask(rq.JoinGroup, group=code) for wire in talkers))
        await asyncio.gather(*(self.say(wire, PAYLOADS[at::TALKERS]) for at, wire in enumerate(talkers)))
        seq = await owner.post(code, "to be edited")
        await self.put(table.ENTRY, [owner.ask(rq.Edit, group=code, seq=seq, body=one) for one in together(4000)])
        await self.put(table.ENTRY, [owner.ask(rq.React, group=code, seq=seq, reaction=one) for one in PAYLOADS])
        await self.put(table.ENTRY, [owner.post(code, PAYLOADS[0], reply_to=seq)])
        for text, command, longest in (
            (table.TOPIC, "topic", MAX_TOPIC),
            (table.ANNOUNCEMENT, "announce", MAX_ANNOUNCEMENT),
            (table.GROUP_RULES, "setrules", MAX_RULES),
        ):
            await self.put(text, [owner.run(f"/{command} {one}", code) for one in together(longest)])
        await self.put(table.WORD, [owner.run(f"/word add flag {payload}", code) for payload in PAYLOADS])

    async def say(self, wire: Wire, payloads: Sequence[str]) -> None:
        """One member says each payload, is called so and tagged so, and is warned with it; they appeal with it."""
        code, owner = self.code, self.owner
        for payload in payloads:
            await self.put(table.NICK, [wire.run(f"/nick {payload}", code)])
            await self.put(table.TAG, [owner.run(f"/tag @{wire.user} {payload}", code)])
            await self.put(table.ENTRY, [wire.post(code, payload)])
            await self.put(table.NOTE, [owner.run(f"/note @{wire.user} {payload}", code)])
            for warned in await self.put(table.REASON, [owner.run(f"/warn @{wire.user} {payload}", code)]):
                await self.put(table.APPEAL, [wire.run(f"/appeal {warned.data['case']} {payload}", code)])

    async def complain(self) -> None:
        """What is settled without a measure, and what is reported."""
        hall, owner = self.hall, self.owner
        await self.put(table.MEDIATION, self.each(lambda wire, text: wire.run(f"/mediate @{owner.user} {text}", hall)))
        await self.put(
            table.REPORT, self.each(lambda wire, text: wire.ask(rq.Report, group=hall, reason="spam", text=text))
        )

    async def found_groups(self) -> str:
        """Groups of the reader's with such names and topics; one asks such a question, and one hears such answers at
        its door. Return the one that asks."""
        owner = self.owner
        made = await self.put(table.NAME, [owner.ask(rq.CreateGroup, name=text, topic=text * 2) for text in PAYLOADS])
        self.taken[table.TOPIC.name] += len(made)
        waiting, asking = made[0].group.id, made[1].group.id
        await owner.run("/joinmode approval", waiting)
        await self.put(
            table.JOIN_ANSWER, self.each(lambda wire, text: wire.ask(rq.JoinGroup, group=waiting, answer=text))
        )
        question = " ".join(PAYLOADS[48:58])
        await self.put(table.QUESTION, [owner.run(f"/question {question} = four", asking)])
        await owner.run("/joinmode question", asking)
        return str(asking)

    async def publish(self) -> tuple[int, int]:
        """Posts, comments and reposts in channels, and what staff grants, labels and refutes there; return the reader's
        post with the comments, and the public account's."""
        owner = self.owner
        home = f"@{owner.user}"
        post = await owner.post(home, PAYLOADS[0])
        for wire in self.members[:TALKERS]:
            await wire.post(f"@{wire.user}", PAYLOADS[0])
            await owner.ask(rq.Follow, group=f"@{wire.user}")
        await self.put(table.PUBLICATION, [owner.post(home, payload) for payload in PAYLOADS])
        await self.put(table.COMMENT, self.each(lambda wire, text: wire.post(home, text, thread=post)))
        own = (await owner.ask(rq.GetChannel, group=home)).channel.id
        await self.put(
            table.PUBLICATION,
            self.each(lambda wire, text: wire.post(f"@{wire.user}", text, repost=Repost(own, post))),
        )
        await self.put(
            table.APPLICATION,
            [
                owner.ask(
                    rq.OpenChannel,
                    form=ChannelForm.PUBLIC,
                    handle=HANDLE,
                    name=IMAGE,
                    topic=SVG,
                    category="general",
                    text=" ".join(PAYLOADS[:20]),
                )
            ],
        )
        self.taken[table.TOPIC.name] += 1
        [case] = (await self.admin("application list")).items
        await self.put(
            table.STAFF_TEXT,
            [self.admin("application approve", case["case"], reason=IMAGE, options={"label": SVG})],
        )
        public = await owner.post(f"@{HANDLE}", IMAGE)
        code = (await owner.ask(rq.GetChannel, group=f"@{HANDLE}")).channel.id
        options = {"seq": public, "text": SVG, "rule": "false_information"}
        await self.put(table.STAFF_TEXT, [self.admin("refutation create", code, reason=IMAGE, options=options)])
        return post, public

    async def admin(self, line: str, target: str | None = None, **fields: Any) -> Any:
        """Ask for a verb of administration."""
        noun, verb = line.split()
        return await self.root.ask(rq.Admin, noun=noun, verb=verb, target=target, **fields)

    async def register(self, url: str) -> None:
        """Accounts whose display names, and whose names, are such texts: of the latter few are names at all."""
        shown = [payload for payload in PAYLOADS if len(payload) <= MAX_DISPLAY_NAME][::12]
        names = [payload for payload in PAYLOADS if is_user_name(payload)]
        for number, payload in enumerate([*shown, *names]):
            async with await Wire.open(url) as wire:
                user, text = (f"shown{number}", table.DISPLAY_NAME) if payload in shown else (payload, table.USER_NAME)
                if await self.put(text, [wire.register(user, PASSWORD, display_name=payload)]):
                    await wire.ask(rq.JoinGroup, group=self.code)
                    await wire.post(self.code, f"I am {number}")


def is_user_name(text: str) -> bool:
    """Say whether a text can be a user name."""
    try:
        return bool(check_user_name(text))
    except ValueError:
        return False


async def plant(server: Server, seats: list[Seat]) -> Planted:
    """Put all payloads into all kinds of texts; the first seat is the reader's, the others are theirs who write."""
    owner, *members = [await server.connect(seat) for seat in seats]
    root = await Wire.open(server.url)
    root.session = await root.ask(rq.Login, user="root", password=PASSWORD)
    planter = Planter(owner, root, members, seats[0].code)
    try:
        await planter.talk()
        await planter.register(server.url)
        await planter.complain()
        asking = await planter.found_groups()
        post, public = await planter.publish()
    finally:
        await asyncio.gather(*(wire.close() for wire in (owner, root, *members)))
    return Planted(Seat(root.user, root.token, seats[0].code), planter.code, asking, post, public, planter.taken)
