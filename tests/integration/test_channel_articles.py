"""What the articles ask of channels and is not asked elsewhere, through the real server (I2, I6, I8, P15)."""

from collections.abc import AsyncIterator, Iterator

import pytest

from folkmoot_protocol import events as ev
from folkmoot_protocol import requests as rq
from folkmoot_protocol import results as rs
from folkmoot_protocol.errors import ErrorCode
from folkmoot_server.storage.check.seed_channels import ChannelSeeds
from tests.integration.server import PASSWORD, Server, serving
from tests.integration.test_public_channels import admin, open_public
from tests.integration.wire import Wire, refused

FOLLOWS = 300
LIMITS = (
    *("acts_per_minute", "group_acts_per_minute", "requests_per_second", "posts_per_second", "sign_ins_per_minute"),
    "connections_per_address",
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server where posting takes a mobile number; each seeded account follows 300 channels with a post each."""
    with serving(
        tmp_path_factory.mktemp("articles"),
        groups=4,
        members=5,
        channels=ChannelSeeds(channels=FOLLOWS, posts=1, follows=FOLLOWS),
        admin="root",
        policy__identity__to_post="mobile",
        # As in the profile `regulated`.
        policy__quota__poor__posts_per_minute=5,
        **{f"limits__{name}": 0 for name in LIMITS},
    ) as server:
        yield server


@pytest.fixture
async def people(platform: Server) -> AsyncIterator[list[Wire]]:
    """Five people who are verified; each has a channel."""
    wires = [await platform.connect(seat) for seat in platform.seats.pop()]
    yield wires
    for wire in wires:
        await wire.close()


@pytest.fixture
async def root(platform: Server) -> AsyncIterator[Wire]:
    async with await signed_in(platform, "root") as wire:
        yield wire


async def signed_in(platform: Server, user: str) -> Wire:
    wire = await Wire.open(platform.url)
    wire.session = await wire.ask(rq.Login, user=user, password=PASSWORD)
    return wire


async def test_home_has_each_post_once_and_what_is_unfollowed_no_more(people: list[Wire]) -> None:
    """I2, P2, W2: 300 follows, a post each."""
    reader = people[0]
    pages = [await reader.ask(rq.GetHome)]
    while pages[-1].cursor:
        pages.append(await reader.ask(rq.GetHome, before=pages[-1].cursor))
    posts = [post for page in pages for post in page.posts]
    assert len(pages) == 15
    assert len({(post.group, post.entry.seq) for post in posts}) == len(posts) == FOLLOWS
    times = [post.entry.ts for post in posts]
    assert times == sorted(times, reverse=True)
    await reader.ask(rq.Unfollow, group=posts[150].group)
    left = list[str]()
    page: rs.HomeResult | None = None
    while page is None or page.cursor:
        page = await reader.ask(rq.GetHome, limit=50, before=page.cursor if page else None)
        left += [post.group for post in page.posts]
    assert left == [post.group for post in posts if post is not posts[150]]


async def test_who_is_not_verified_or_of_poor_credit_publishes_little(root: Wire, people: list[Wire]) -> None:
    """I6, P6, W7."""
    star, fan = people[:2]
    own, seq = f"@{star.user}", await star.post(f"@{star.user}", "verified")
    for user in (star.user, fan.user):
        await admin(root, "user verify", user, reason="lapsed", options={"identity": "none"})
    for who, fields in ((star, {}), (star, {"thread": seq}), (fan, {"thread": seq})):
        asked = who.ask(rq.Post, group=own, body="not verified", **fields)
        await refused(asked, ErrorCode.IDENTITY_REQUIRED, needed="mobile", help="/verify")
    for user in (star.user, fan.user):
        await admin(root, "user verify", user, reason="seen", options={"identity": "mobile"})
        await admin(root, "credit set", user, reason="bots", options={"score": 0})
    for who, fields in ((star, {}), (fan, {"thread": seq})):
        for number in range(5):
            await who.post(own, f"number {number}", **fields)
        limit = {"limit": 5, "rule": "policy.quota.poor.posts_per_minute"}
        await refused(who.ask(rq.Post, group=own, body="number 5", **fields), ErrorCode.RATE_LIMITED, **limit)


async def test_an_identity_on_the_blacklist_opens_nothing(root: Wire, people: list[Wire]) -> None:
    """I8, P11, W12."""
    barred = people[2]
    item = await admin(root, "blacklist add", f"@{barred.user}", reason="fraud", options={"scope": "create"})
    case = item.items[0]["case"]
    await refused(open_public(barred, "barred.news"), ErrorCode.BLACKLISTED, case=case, reason="fraud")


async def test_who_follows_nothing_reports_is_answered_and_appeals(root: Wire, people: list[Wire]) -> None:
    """P15, W14: a post and a comment of a channel, reported by who does not follow it."""
    star, fan, _, reader, judge = people
    await admin(root, "role create", judge.user, options={"role": "superadmin"}, reason="helps")
    own = f"@{star.user}"
    code = (await reader.ask(rq.Unfollow, group=own)).channel.id
    seq = await star.post(own, "buy this")
    comment = await fan.post(own, "and that", thread=seq)
    for reported in (seq, comment):
        opened: rs.ReportResult = await reader.ask(rq.Report, group=code, seq=reported, reason="spam")
        assert opened.due_ms > star.session.account.created_ts
        close = {"options": {"outcome": "dismissed"}, "reason": "a joke"}
        await admin(root, "case close", opened.case, **close)
        told = await reader.event(ev.CaseEvent, case=opened.case, state="dismissed")
        assert f"/appeal {opened.case}" in told.text
        appeal = (await reader.run(f"/appeal {opened.case} it was none")).data["case"]
        await refused(admin(root, "appeal approve", appeal, reason="mine"), ErrorCode.FORBIDDEN)
        await admin(judge, "appeal approve", appeal, reason="look again")
        await admin(judge, "case close", opened.case, reason="spam", options={"outcome": "upheld"})
        await reader.event(ev.CaseEvent, case=opened.case, state="upheld")
