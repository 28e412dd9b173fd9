"""Signing in as people type: passwords and names that mean the same, terms that hold nobody back, one's own posts."""

import itertools
import unicodedata

import pytest

from folkmoot_protocol import requests as rq
from tests.integration.cast import Cast
from tests.integration.server import PASSWORD, Launch, SignIn
from tests.integration.wire import Wire, refused

names = (f"typist{number}" for number in itertools.count(1))
TYPED = "Zürich\u00a0café 한글 ﬁ"


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
async def test_a_password_is_the_same_on_every_keyboard(sign_in: SignIn, forms: tuple[str, str]) -> None:
    user, (first, second) = next(names), (unicodedata.normalize(form, TYPED) for form in forms)
    assert first != second
    await (await sign_in()).register(user, first)
    for password in (first, second, second.replace("\u00a0", " "), second.replace("\u00a0", "\u3000")):
        assert (await (await sign_in()).ask(rq.Login, user=user, password=password)).account.user == user
    for wrong in (unicodedata.normalize("NFKC", TYPED), TYPED.lower(), "Zurich cafe 한글 ﬁ"):
        await refused((await sign_in()).ask(rq.Login, user=user, password=wrong), "auth_failed")


@pytest.mark.parametrize("password", ["tab\there\u200b", "zero\u200bwidth", "lone \ue000 private", "\u202eevil one"])
async def test_a_password_that_cannot_be_typed_again_is_refused(sign_in: SignIn, password: str) -> None:
    await refused((await sign_in()).register(next(names), password), "weak_password", rule="password_characters")


async def test_a_name_is_the_same_however_it_is_written(cast: Cast, sign_in: SignIn) -> None:
    user = next(names)
    await (await sign_in()).register(user, PASSWORD)
    wide = "".join(chr(ord(one) + 0xFEE0) for one in user.capitalize())
    for written in (user.upper(), f"@{user}", f"＠{user.capitalize()}", wide, f" {user} ", f"\u2066@{user}\u2069"):
        assert (await (await sign_in()).ask(rq.Login, user=written, password=PASSWORD)).account.user == user
        assert (await cast.ann.ask(rq.GetAccount, user=written)).account.user == user
        assert (await cast.ann.ask(rq.Report, user=written, reason="spam")).case
        assert (await cast.does("ann", f"/whois {written.strip()}")).data["account"]["user"] == user
        assert (await cast.does("ann", f"/ban {written.strip()}")).data["user"] == user
        assert (await cast.does("ann", f"/unban {written.strip()}")).data["user"] == user


async def test_administration_takes_names_in_any_spelling(launch: Launch) -> None:
    server = launch(groups=1, admin="root")
    user = server.seats[0][0].user
    async with await Wire.open(server.url) as root:
        await root.ask(rq.Login, user="@Root", password=PASSWORD)
        for written in (f"@{user.upper()}", f"＠{user}"):
            found = await root.ask(rq.Admin, noun="user", verb="show", target=written)
            assert found.items[0]["user"] == user


async def test_new_terms_keep_nobody_from_getting_out_and_being_heard(launch: Launch) -> None:
    server = launch(groups=2, members=4, agreement="of old")
    (ann, bob, cat, dan), (eve, *_) = server.seats
    async with await server.connect(ann) as owner, await server.connect(bob) as wire:
        for line in ("/topic Tea", "/nick Annie", "/create Mine", "/me waves", f"/mute @{bob.user} 1h"):
            await refused(owner.run(line, ann.code), "agreement_required")
            await refused(owner.ask(rq.Post, group=ann.code, body=line), "agreement_required")
        for line in ("/help", "/rules", "/log", "/members", "/credit", f"/whois @{ann.user}", "/search welcome"):
            await wire.run(line, bob.code)
        case = (await wire.run(f"/report @{ann.user} spam", bob.code)).data["case"]
        assert case in (await wire.run("/cases")).text
        # Nothing to appeal against, but that is what is said.
        await refused(wire.run("/appeal 1-1 unfair"), "no_such_entry")
        await wire.run("/leave", bob.code)
        await owner.run(f"/transfer @{cat.user}", ann.code)
        async with await server.connect(cat) as heir:
            await refused(heir.run("/transfer accept", cat.code), "agreement_required")
        await owner.run(f"/account close {ann.user}")
    async with await server.connect(dan) as wire:
        assert (await wire.ask(rq.Post, group=dan.code, body="/leave")).command is not None
    async with await server.connect(eve) as wire:
        await wire.run(f"/dissolve {eve.code}", eve.code)


async def test_what_one_posts_oneself_is_read(cast: Cast, sign_in: SignIn) -> None:
    await cast.says("ann", "something for bob")
    mine = await cast.says("bob", "an answer")
    assert (await cast.bob.group(cast.code)).read_seq == mine
    other = await sign_in(cast.seats[1])
    assert [one.read_seq for one in other.session.groups if one.id == cast.code] == [mine]
    assert (await cast.carol.group(cast.code)).read_seq != mine
    await cast.says("ann", "and another thing")
    assert (await cast.bob.group(cast.code)).read_seq == mine
    await cast.does("bob", f"/react {mine} 👍")
    assert (await cast.bob.group(cast.code)).read_seq == (await cast.bob.group(cast.code)).last_seq


async def test_what_one_has_posted_is_still_read_after_a_restart(launch: Launch) -> None:
    server = launch(groups=1, members=2)
    ann, bob = server.seats[0]
    async with await server.connect(ann) as wire:
        await wire.post(ann.code, "first")
        mine = await wire.post(ann.code, "second")
    server.restart()
    async with await server.connect(ann) as wire, await server.connect(bob) as other:
        assert wire.session.groups[0].read_seq == mine
        assert other.session.groups[0].read_seq == 0
        await other.ask(rq.MarkRead, group=bob.code, seq=mine)
