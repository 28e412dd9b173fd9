"""Pictures in groups, from the upload to the removal, through the real server."""

import asyncio
import http.client
import io
import json
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from PIL import Image

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_governance.duration import DAY_MS, HOUR_MS
from folkmoot_protocol import (
    ChannelResult,
    GetChannel,
    GetMedia,
    MediaRef,
    MediaResult,
    Post,
    PostResult,
    Upload,
    UploadResult,
)
from folkmoot_server.common.clock import Clock
from folkmoot_server.jobs.media import MediaJob
from folkmoot_server.media.store import SEALED
from folkmoot_server.storage.sqlite.store import SqliteStore
from tests.builders.films import planted_film
from tests.builders.pictures import PLANTED, hostile_files, planted_picture
from tests.integration.server import PASSWORD, Launch, Seat, Server
from tests.integration.wire import PATIENCE_S
from tests.unit.server.stores import config_of, opened


class Got(NamedTuple):
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask_http(
    server: Server, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Got:
    """Ask over HTTP, as a browser would."""

    def ask() -> Got:
        parts = urlsplit(server.urls["http"])
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return Got(answer.status, dict(answer.headers), answer.read())
        finally:
            connection.close()

    return await asyncio.to_thread(ask)


@pytest.fixture
async def clients(shared: Server, seats: list[Seat]) -> AsyncIterator[list[Client]]:
    """Three members of a group, the owner first, and one who is in another."""
    opened: list[Client] = []
    for seat in [*seats[:3], shared.take_outsider()]:
        opened.append(await Client(shared.url, token=seat.token).__aenter__())
    yield opened
    for client in opened:
        await client.close()


async def refusal(wanted: Awaitable[object]) -> RequestRefused:
    """Return how something is refused."""
    with pytest.raises(RequestRefused) as refused:
        await wanted
    return refused.value


async def code_of(wanted: Awaitable[object]) -> str:
    """Return the code with which something is refused."""
    return str((await refusal(wanted)).code)


async def asked(client: Client, size: int) -> UploadResult:
    """Return the address for an upload."""
    return await client.ask(Upload, UploadResult, size=size)


def objects(server: Server) -> set[str]:
    """Return the names of what is stored of media."""
    return {path.name for path in (server.data / "media").rglob("*") if path.is_file()}


async def test_a_picture_from_the_upload_to_its_removal(
    clients: list[Client], seats: list[Seat], shared: Server
) -> None:
    owner, ann, ben, outsider = clients
    group = seats[0].code
    sent = planted_picture()
    assert sent.count(PLANTED) > 3
    progress: list[int] = []
    media = await ann.upload(sent, on_progress=lambda came, _size: progress.append(came))
    assert progress[-1] == len(sent)
    assert (media["type"], media["width"], media["height"], media["state"]) == ("image/jpeg", 640, 480, "ready")
    id = media["id"]
    assert await code_of(ben.fetch_media(id)) == "no_such_entry"
    assert await ann.fetch_media(id), "who uploaded it may look at it"
    place = await ann.post(group, "Look", media=[MediaRef(id=id, alt="a circle")])
    assert place.seq
    entry = (await ben.get_history(group)).entries[-1]
    assert entry.data is not None
    assert entry.data["media"] == [{**{k: v for k, v in media.items() if k != "state"}, "alt": "a circle"}]
    whole, small = await ben.fetch_media(id), await ben.fetch_media(id, small=True)
    assert len(whole) == media["size"]
    assert PLANTED not in whole + small
    assert Image.open(io.BytesIO(small)).size == (400, 300)
    assert await code_of(outsider.fetch_media(id)) == "no_such_entry"
    assert await code_of(ann.post(group, "again", media=[id])) == "media_refused"
    assert await code_of(ben.post(group, "mine", media=[(await ann.upload(sent))["id"]])) == "media_refused"
    await owner.run_command(f"/delete {place.seq}", group)
    assert (await refusal(ben.fetch_media(id))).detail["rule"] == "removed"
    gone = await ask_http(shared, "GET", f"/media/{id}", headers={"Authorization": f"Bearer {seats[2].token}"})
    assert gone.status == 410


async def test_a_browser_is_given_paths(clients: list[Client], seats: list[Seat], shared: Server) -> None:
    owner, ann, ben, outsider = clients
    group = seats[0].code
    first, second = [(await ann.upload(planted_picture("PNG", (50, 40))))["id"] for _ in range(2)]
    assert (await ann.post(group, "", media=[first])).seq, "a picture needs no text"
    await ann.post(group, "", media=[second])
    paths = (await ben.ask(GetMedia, MediaResult, ids=(first, second, "0" * 32))).paths
    assert paths.keys() == {first, second}
    assert (await outsider.ask(GetMedia, MediaResult, ids=(first,))).paths == {}
    path = paths[first]
    whole = await ask_http(shared, "GET", path)
    assert (whole.status, whole.headers["content-type"]) == (200, "image/png")
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cache-control"] == "private, no-cache"
    part = await ask_http(shared, "GET", path, headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.body)}"
    assert (await ask_http(shared, "GET", path, headers={"Range": "bytes=-5"})).body == whole.body[-5:]
    assert (await ask_http(shared, "GET", path, headers={"Range": f"bytes={len(whole.body)}-"})).status == 416
    known = {"If-None-Match": whole.headers["etag"]}
    assert (await ask_http(shared, "GET", path, headers=known)).status == 304
    small = await ask_http(shared, "GET", path.replace("?", "/thumb?"), headers=known)
    assert (small.status, small.headers["content-type"]) == (200, "image/webp")
    key = path.partition("?key=")[2]
    user, until, mac = key.split("~")
    others = {
        f"/media/{second}?key={key}",
        f"/media/{first}?key={seats[3].user}~{until}~{mac}",
        f"/media/{first}?key={user}~{int(until) + 1}~{mac}",
        f"/media/{first}?key=~~",
        f"/media/{first}?key={'~' * 9}{'9' * 99}",
        f"/media/{first}",
        f"/media/{'f' * 32}?key={key}",
        "/media/%2e%2e%2fkeys",
    }
    for other in sorted(others):
        assert (await ask_http(shared, "GET", other)).status == 404, other
    await owner.run_command(f"/kick @{seats[2].user} enough", group)
    assert (await ask_http(shared, "GET", path, headers=known)).status == 404, "who was removed sees nothing more"


async def test_files_that_harm_are_refused_in_words_and_leave_nothing(
    clients: list[Client], seats: list[Seat], shared: Server
) -> None:
    ann = clients[1]
    before = objects(shared)
    said = set()
    for name, (reason, file) in hostile_files().items():
        address = await asked(ann, len(file))
        # Whatever is said of it.
        headers = {"Content-Type": "image/png", "Accept-Language": "zh" if len(said) % 2 else "en"}
        answer = await ask_http(shared, "PUT", address.path, file, headers)
        assert answer.status == 422, name
        told = json.loads(answer.body)
        assert (told["code"], told["detail"]["reason"]) == ("media_refused", reason), name
        assert answer.headers["content-language"] == ("zh-CN" if headers["Accept-Language"] == "zh" else "en")
        said.add((told["message"], answer.headers["content-language"]))
        refused = await refusal(ann.post(seats[0].code, "look", media=[address.id]))
        assert (refused.code, refused.detail["reason"]) == ("media_refused", reason)
        assert (await ask_http(shared, "PUT", address.path, file)).status == 404, "an address is used once"
    assert len(said) > 7
    assert objects(shared) == before
    assert list((shared.data / "incoming").iterdir()) == []


async def test_an_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again(
    clients: list[Client], shared: Server
) -> None:
    ann, file = clients[1], planted_picture()
    address = await asked(ann, len(file))
    parts = urlsplit(shared.urls["http"])
    _reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"PUT {address.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(file)}\r\n\r\n"
    writer.write(head.encode() + file[: len(file) // 2])
    await writer.drain()
    # While it is being sent the address is taken.
    while (await ask_http(shared, "PUT", address.path, b"x")).status != 404:
        pass
    writer.transport.abort()
    # Soon it is free again: an address may ask a thousand times.
    short = await ask_http(shared, "PUT", address.path, file[:-1])
    while short.status == 404:
        short = await ask_http(shared, "PUT", address.path, file[:-1])
    assert short.status == 400
    assert (await ask_http(shared, "PUT", address.path, file + b"x")).status == 400
    before = objects(shared)
    assert (await ask_http(shared, "PUT", address.path, file)).status == 201
    assert objects(shared) - before == {address.id, f"{address.id}.small"}
    assert list((shared.data / "incoming").iterdir()) == []
    assert (await ask_http(shared, "PUT", "/media/upload/guessed", file)).status == 404
    assert (await ask_http(shared, "GET", address.path)).status == 405


async def test_what_is_held_is_seen_when_it_is_let_through(clients: list[Client], seats: list[Seat]) -> None:
    owner, ann, ben, _ = clients
    group = seats[0].code
    await owner.run_command("/word add hold cactus", group)
    id = (await ann.upload(planted_picture(size=(20, 20))))["id"]
    held = await refusal(ann.post(group, "look", media=[MediaRef(id=id, alt="a cactus")]))
    assert held.code == "content_held"
    assert await code_of(ben.fetch_media(id)) == "no_such_entry"
    await owner.run_command(f"/queue approve {held.detail['number']}", group)
    assert await ben.fetch_media(id)


async def test_a_post_is_repeated_and_links_cover_what_it_shows(clients: list[Client], seats: list[Seat]) -> None:
    owner, ann, _ben, _ = clients
    group = seats[0].code
    first, second = [(await ann.upload(planted_picture("GIF", (20, 20))))["id"] for _ in range(2)]
    place = await ann.post(group, "twice", nonce="n-1", media=[first])
    assert await ann.post(group, "twice", nonce="n-1", media=[first]) == place
    await owner.run_command("/links nomedia", group)
    refused = await refusal(ann.post(group, "", media=[second]))
    assert (refused.code, refused.detail["rule"]) == ("content_refused", "links")
    assert await code_of(ann.post(group, "/topic tea", media=[second])) == "bad_request"
    assert await code_of(ann.post(group, "", media=[])) == "bad_request"
    await owner.run_command("/links on", group)
    assert (await ann.post(group, "", media=[second])).seq


async def test_what_a_channel_publishes_everybody_sees_until_it_is_removed(
    clients: list[Client], seats: list[Seat], shared: Server
) -> None:
    _owner, ann, _ben, outsider = clients
    user = seats[1].user
    first = (await ann.upload(planted_picture(size=(30, 20))))["id"]
    place = await ann.post(f"@{user}", "", nonce="n-2", media=[MediaRef(id=first, alt="a circle")])
    assert await ann.post(f"@{user}", "", nonce="n-2", media=[first]) == place
    assert await outsider.fetch_media(first)
    shown = await ask_http(shared, "GET", f"/media/{first}/thumb")
    assert (shown.status, shown.headers["cross-origin-resource-policy"]) == (200, "cross-origin")
    comment = (await outsider.upload(planted_picture(size=(30, 20))))["id"]
    assert (await ask_http(shared, "GET", f"/media/{comment}")).status == 404
    await outsider.ask(Post, PostResult, group=f"@{user}", body="", thread=place.seq, media=(MediaRef(id=comment),))
    assert (await ask_http(shared, "GET", f"/media/{comment}")).status == 200
    channel = (await ann.ask(GetChannel, ChannelResult, group=f"@{user}")).channel
    await ann.run_command(f"/delete {place.seq}", channel.id)
    assert (await ask_http(shared, "GET", f"/media/{first}")).status == 410


async def test_sound_and_films_lose_the_place_and_are_fetched_in_parts(
    clients: list[Client], seats: list[Seat], shared: Server
) -> None:
    _owner, ann, ben, _ = clients
    group = seats[0].code
    film, sound = await ann.upload(planted_film()), await ann.upload(planted_film("audio/ogg"))
    assert (film["type"], film["width"], film["height"]) == ("video/mp4", 160, 120)
    assert (sound["type"], "width" in sound) == ("audio/ogg", False)
    await ann.post(group, "listen", media=[film["id"], sound["id"]])
    whole = await ben.fetch_media(film["id"])
    assert PLANTED not in whole
    assert Image.open(io.BytesIO(await ben.fetch_media(film["id"], small=True))).size == (160, 120)
    assert await code_of(ben.fetch_media(sound["id"], small=True)) == "no_such_entry"
    bearer = {"Authorization": f"Bearer {seats[2].token}", "Range": "bytes=100-"}
    part = await ask_http(shared, "GET", f"/media/{film['id']}", headers=bearer)
    assert (part.status, part.body, part.headers["content-type"]) == (206, whole[100:], "video/mp4")


async def test_staff_lists_uploads_and_looks_at_one_for_a_case(launch: Launch) -> None:
    server = launch(groups=1, members=2, admin="root")
    ann, ben = server.seats[0]
    async with Client(server.url, token=ann.token) as client, Client(server.url) as staff:
        await staff.login("root", PASSWORD)
        shown = (await client.upload(planted_picture("PNG", (30, 20))))["id"]
        place = await client.post(ann.code, "look", media=[shown])
        with pytest.raises(RequestRefused):
            await client.upload(b"<svg/>")
        await client.run_command(f"/delete {place.seq}", ann.code)
        listed = await staff.admin("media", "list", limit=1)
        assert [(one["state"], one["reason"]) for one in listed.items] == [("refused", "markup")]
        (item,) = (await staff.admin("media", "list", cursor=listed.cursor)).items
        assert (item["media"], item["user"], item["group"], item["seq"]) == (shown, ann.user, ann.code, place.seq)
        of_ben = await staff.admin("media", "list", options={"account": ben.user, "state": "posted"})
        assert of_ben.items == ()
        await code_of(staff.admin("media", "show", target=shown))
        assert await code_of(staff.fetch_media(shown)) == "no_such_entry", "that would be on nobody's record"
        assert await code_of(client.admin("media", "show", target=shown, options={"case": "c-1"})) == "forbidden"
        (found,) = (await staff.admin("media", "show", target=shown, options={"case": "c-1"})).items
        picture = await ask_http(server, "GET", found["path"])
        assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
        assert (await ask_http(server, "GET", found["path"].replace(shown, "0" * 32))).status == 404


async def test_a_removed_upload_takes_two_where_the_operator_wants_it_so(launch: Launch) -> None:
    server = launch(groups=1, members=1, admin="root", staff__two_open_removed="true")
    (ann,) = server.seats[0]
    async with Client(server.url, token=ann.token) as client, Client(server.url) as staff:
        await staff.login("root", PASSWORD)
        shown = (await client.upload(planted_picture("PNG", (30, 20))))["id"]
        place = await client.post(ann.code, "look", media=[shown])
        looked = {"target": shown, "options": {"case": "c-1"}}
        assert (await staff.admin("media", "show", **looked)).items
        await client.run_command(f"/delete {place.seq}", ann.code)
        assert await code_of(staff.admin("media", "show", **looked)) == "forbidden"


async def test_an_account_uploads_so_much_a_day(launch: Launch) -> None:
    server = launch(groups=1, media__per_day_bytes=1 << 20, media__max_bytes=700_000)
    ann = server.seats[0][0]
    async with Client(server.url, token=ann.token) as client:
        assert (await refusal(asked(client, 700_001))).detail["limit"] == 700_000
        await asked(client, 1)
        await asked(client, 700_000)
        refused = await refusal(asked(client, 1 << 17))
        assert (refused.code, refused.detail["used"]) == ("media_quota", (1 << 18) + 700_000)


async def test_kills_lose_no_media_of_an_acknowledged_post(launch: Launch) -> None:
    """Killed while three upload, post and delete: what was acknowledged is there whole, all else is known of, and after
    a day nothing can be read but what entries show: the rest is gone, or sealed."""
    server = launch(groups=1, members=3)
    code = server.seats[0][0].code
    posted: dict[str, int] = {}
    removed: set[str] = set()
    file = planted_picture("PNG", (200, 150))

    async def play(seat: Seat) -> None:
        async with Client(server.url, token=seat.token) as client:
            while True:
                id = str((await client.upload(file))["id"])
                place = await client.post(code, "look", media=[id])
                posted[id] = place.seq or 0
                if len(posted) % 3 == 0:
                    await client.run_command(f"/delete {place.seq}", code)
                    removed.add(id)

    for _ in range(3):
        count = len(posted)
        players = [asyncio.create_task(play(seat)) for seat in server.seats[0]]
        while len(posted) < count + 4:  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.01)
        await asyncio.to_thread(server.kill)
        for player in players:
            player.cancel()
        await asyncio.gather(*players, return_exceptions=True)
        await asyncio.to_thread(server.start)
    assert removed
    async with Client(server.url, token=server.seats[0][1].token) as client:
        await client.upload(file)
        entries = {entry.seq: entry async for entry in client.read_history(code)}
        for id, seq in posted.items():
            if id in removed:
                assert await code_of(client.fetch_media(id)) == "no_such_entry"
            elif not entries[seq].redacted:
                Image.open(io.BytesIO(await client.fetch_media(id))).load()
    shown = [one["id"] for entry in entries.values() for one in (entry.data or {}).get("media", ())]
    names = {name.partition(".")[0] for name in objects(server) if len(name) >= 32}
    store = await SqliteStore.open(server.data, say=lambda text, _detail: text) if server.terminate() == 0 else None
    assert store is not None
    try:
        known = {one.id for one in await store.ledger.media(names)}
    finally:
        await store.close()
    assert known == names, "of all that is kept somebody knows, and will remove it"
    assert list((server.data / "incoming").iterdir()) == []
    later = Clock(lambda: time.time() + (DAY_MS + HOUR_MS) / 1000)
    async with opened(config_of(server.place, {}), server.seats, later) as stage:
        await stage.rest()
        job = stage.job(MediaJob)
        for _ in range(3):
            await job.do_round()
    left = {name for name in objects(server) if not name.endswith(SEALED)}
    assert left == {f"{id}{small}" for id in shown for small in ("", ".small")}
