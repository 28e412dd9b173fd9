"""Owners who go: their groups are taken over though the server dies in between, and nothing personal is left."""

from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Launch, Seat, Server
from tests.integration.test_http import get
from tests.integration.wire import Refused, Wire, refused


async def prepare(server: Server, owner: Seat, heir: Seat) -> None:
    """Let an owner say something and name an heir."""
    async with await server.connect(owner) as wire:
        await wire.post(owner.code, "good morning")
        await wire.run(f"/heir @{heir.user}", owner.code)


async def test_groups_are_taken_over_after_a_crash(launch: Launch) -> None:
    server = launch(groups=2, members=2, admin="root")
    (ann, bob), (cat, dan) = server.seats
    await prepare(server, ann, bob)
    await prepare(server, cat, dan)
    async with await Wire.open(server.url) as root, await server.connect(cat) as wire:
        root.session = await root.ask(rq.Login, user="root", password=PASSWORD)
        options = {"duration": "30d"}
        await root.ask(rq.Admin, noun="user", verb="suspend", target=ann.user, reason="fraud", options=options)
        await wire.run(f"/account close {cat.user}")
        # Nobody has looked for absent owners yet, or somebody has just begun to.
        server.kill()
    server.start()
    for owner, heir in ((ann, bob), (cat, dan)):
        async with await server.connect(heir) as wire:
            await wire.until(lambda: wire.session.groups[0].role == "owner" or is_told(wire, "succeeded"))
            assert (await wire.group(owner.code)).owner == heir.user
    async with await server.connect(dan) as wire:
        await wire.until(lambda: is_told(wire, "departed") or wire.session.groups[0].members == 1)
        said = [entry for entry in await wire.history(cat.code) if entry.body == "good morning"]
        assert said[0].from_.user.startswith("~")
        assert said[0].from_.display_name == said[0].from_.user
    async with await Wire.open(server.url) as stranger:
        await refused(stranger.resume(cat.token), "auth_failed")
        await refused(stranger.register(cat.user), "name_taken")
    assert server.terminate() == 0
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def is_told(wire: Wire, event: str) -> bool:
    """Say whether a notice of an event was heard."""
    code = wire.session.groups[0].id
    return any(entry.data and entry.data.get("event") == event for entry in wire.entries(code))


async def test_a_closed_account_is_anonymous_everywhere(launch: Launch) -> None:
    server = launch(groups=2, members=4, admin="root")
    (ann, bob, cat, dan), (eve, fay, *_) = server.seats
    async with await server.connect(ann) as owner, await server.connect(bob) as wire, await server.connect(cat) as gone:
        said = [await gone.post(cat.code, f"what {number} cat says") for number in range(5)]
        called = await wire.post(bob.code, f"hello @{cat.user}, and @{cat.user.upper()}.")
        await owner.run(f"/promote @{cat.user} topic", ann.code)
        await gone.run("/topic Mice", cat.code)
        await owner.run(f"/warn @{cat.user} loud", ann.code)
        await owner.run(f"/mute @{cat.user} 1h louder", ann.code)
        await owner.run(f"/pin {said[0]}", ann.code)
        case = (await wire.run(f"/report {said[1]} spam", bob.code)).data["case"]
        await wire.run(f"/report @{cat.user} spam", bob.code)
        heard = len(wire.log)
        await gone.run(f"/account close {cat.user}")
        await wire.until(lambda: is_told(wire, "departed"))
        assert cat.user not in repr(wire.log[heard:])
        assert await names_somebody(server, ann, cat.user) == []
        entries = await wire.history(bob.code)
        tag = next(one for one in entries if one.seq == said[0]).from_.user
        assert tag.startswith("~")
        body = next(one for one in entries if one.seq == called).body
        assert body == f"hello @{tag}, and @{tag}."
        # What it wrote can be dealt with as before.
        assert (await wire.run(f"/report {said[2]} spam", bob.code)).data["case"]
        await owner.run(f"/delete {said[2]} off topic", ann.code)
        await owner.run(f"/pin {said[3]}", ann.code)
        last = (await refused(owner.run(f"/purge @{tag} 1h", ann.code), "confirm_required")).detail["help"]
        await owner.run(last, ann.code)
        by_seq = {one.seq: one for one in await wire.history(bob.code)}
        assert all(by_seq[seq].redacted for seq in (said[0], *said[2:]))
        await refused(owner.run(f"/ban @{tag}", ann.code), "no_such_user")
        assert await names_somebody(server, ann, cat.user) == []
    async with await Wire.open(server.url) as root:
        await root.ask(rq.Login, user="root", password=PASSWORD)
        for verb, target in (("list", None), ("show", case)):
            found = await root.ask(rq.Admin, noun="case", verb=verb, target=target)
            assert cat.user not in repr(found)
            assert found.items
        options = {"outcome": "upheld"}
        await root.ask(rq.Admin, noun="case", verb="close", target=case, reason="so it is", options=options)
    async with await server.connect(eve) as wire, await server.connect(fay) as heir:
        await wire.run(f"/heir @{fay.user}", eve.code)
        await wire.run(f"/account close {eve.user}")
        await heir.until(lambda: is_told(heir, "succeeded"))
        await heir.until(lambda: is_told(heir, "departed"))
        assert await names_somebody(server, fay, eve.user) == []
    server.restart()
    for seat, name in ((dan, cat.user), (fay, eve.user)):
        assert await names_somebody(server, seat, name) == []
    assert server.terminate() == 0
    checked = server.run("db", "verify")
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def names_somebody(server: Server, seat: Seat, name: str) -> list[str]:
    """Return which of the things that a member can see have a name."""
    code = seat.code
    async with await server.connect(seat) as wire:
        seen: dict[str, object] = {
            "sign-in": wire.session,
            "history": await wire.history(code),
            "search": await wire.ask(rq.Search, group=code, text="says"),
            "sync": await wire.ask(rq.Sync, cursors={code: 0}),
            "group": await wire.group(code),
        }
        for line in (
            "/log",
            "/pins",
            "/info",
            "/members",
            "/admins",
            "/bans",
            "/mutes",
            "/search hello",
            "/export",
            "/queue",
        ):
            try:
                seen[line] = await wire.run(line, code)
            except Refused as refusal:
                assert refusal.code == "forbidden"
    seen["page"] = (await get(server, f"/groups/{code}", accept="application/json")).text
    return [what for what, one in seen.items() if name in repr(one)]
