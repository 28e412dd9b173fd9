"""Owners who go: their groups are taken over though the server dies in between, and nothing personal is left."""

from folkmoot_protocol import requests as rq
from tests.integration.server import PASSWORD, Launch, Seat, Server
from tests.integration.wire import Wire, refused


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
