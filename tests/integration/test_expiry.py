"""What ends by itself is told on time: after a restart too, and when nobody was there."""

from folkmoot_protocol.types import Entry
from tests.integration.server import Launch


def ended(entries: list[Entry]) -> list[str]:
    """Return the events that tell of an end."""
    events = [entry.data["event"] for entry in entries if entry.data]
    return [event for event in events if event.endswith("_ended")]


async def test_ends_are_told_once_across_a_restart_and_with_nobody_there(launch: Launch) -> None:
    server = launch(groups=1, members=2)
    ann, bob = server.seats[0]
    async with await server.connect(ann) as wire:
        lock = await wire.run("/lock 1s", ann.code)
        mute = await wire.run(f"/mute @{bob.user} 3s noise", ann.code)
    server.kill()
    server.start()
    async with await server.connect(bob) as wire:
        await wire.until(lambda: "mutes_ended" in ended(wire.entries(ann.code)))
        history = await wire.history(ann.code)
        assert ended(history) == ["lock_ended", "mutes_ended"]
        ends = {entry.data["event"]: entry for entry in history if entry.data}
        assert ends["lock_ended"].ts >= lock.data["until_ms"]
        assert ends["mutes_ended"].ts >= mute.data["until_ms"]
        assert ends["mutes_ended"].from_.user == "platform"
        assert ends["mutes_ended"].data == {"event": "mutes_ended", "users": [bob.user], "case": f"{ann.code}-6"}
        assert (await wire.group(ann.code)).muted_until_ms in (0, None)
        await wire.post(ann.code, "at last")
