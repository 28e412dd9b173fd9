"""Pictures in groups, from the upload to the removal, through the real server."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_protocol import MediaRef
from tests.integration.server import Seat, Server

PLANTED = b"PLANTED"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a picture that tells where it was taken, and more."""
    exif = Image.Exif()
    exif[0x010E] = "PLANTED description"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0), 29: "PLANTED"})
    out = io.BytesIO()
    image = Image.radial_gradient("L").resize(size).convert("RGB")
    image.save(out, kind, exif=exif, comment=b"PLANTED comment", xmp=b"<x:xmpmeta>PLANTED</x:xmpmeta>")
    return out.getvalue() + b"<script>PLANTED</script>"


@pytest.fixture
async def clients(shared: Server, seats: list[Seat]) -> AsyncIterator[list[Client]]:
    """Three members of a group, the owner first, and one who is in another."""
    people = [*seats[:3], shared.take_outsider()]
    opened: list[Client] = []
    for seat in people:
        opened.append(await Client(shared.url, token=seat.token).__aenter__())
    yield opened
    for client in opened:
        await client.close()


async def code_of(wanted: "object") -> str:
    """Return the code with which something is refused."""
    with pytest.raises(RequestRefused) as refused:
        await wanted  # type: ignore[misc]
    return str(refused.value.code)


async def test_a_picture_from_the_upload_to_its_removal(
    clients: list[Client], seats: list[Seat], shared: Server
) -> None:
    owner, ann, ben, outsider = clients
    group = seats[0].code
    sent = picture()
    assert sent.count(PLANTED) > 3
    progress: list[int] = []
    media = await ann.upload(sent, on_progress=lambda came, _size: progress.append(came))
    assert progress[-1] == len(sent)
    assert (media["type"], media["width"], media["height"]) == ("image/jpeg", 640, 480)
    id = media["id"]
    assert await code_of(ben.fetch_media(id)) == "no_such_entry"
    place = await ann.post(group, "Look", media=[MediaRef(id=id, alt="a circle")])
    assert place.seq
    entry = (await ben.get_history(group)).entries[-1]
    assert entry.data is not None
    assert entry.data["media"] == [{**{k: v for k, v in media.items() if k != "state"}, "alt": "a circle"}]
    whole, small = await ben.fetch_media(id), await ben.fetch_media(id, small=True)
    assert PLANTED not in whole + small
    assert Image.open(io.BytesIO(small)).size == (400, 300)
    assert await code_of(outsider.fetch_media(id)) == "no_such_entry"
    assert await code_of(ann.post(group, "again", media=[id])) == "media_refused"
    await owner.run_command(f"/delete {place.seq}", group)
    with pytest.raises(RequestRefused) as refused:
        await ben.fetch_media(id)
    assert refused.value.detail["rule"] == "removed"
