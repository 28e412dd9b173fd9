"""Media on three nodes: uploaded on one, posted on another, seen on the third, and gone everywhere at once."""

import asyncio
from pathlib import Path

import pytest

from folkmoot_client.sdk import Client, RequestRefused
from folkmoot_client.sdk.media import send
from folkmoot_protocol import Upload, UploadResult
from tests.builders.pictures import planted_picture
from tests.cluster.conftest import StartCluster
from tests.cluster.polling import until


async def test_media_are_the_same_on_every_node(start_cluster: StartCluster, tmp_path: Path) -> None:
    cluster = await start_cluster(3, media__store=f"file://{tmp_path}/shared")
    first, second, third = (Client(node.ws) for node in cluster.nodes)
    async with first as ann, second as ben, third as carol:
        for client, user in ((ann, "ann"), (ben, "ben"), (carol, "carol")):
            await client.register(user, "a good password")
        group = (await ann.create_group("Pictures", join_mode="open")).id
        for client in (ben, carol):
            await client.join(group)
        file = planted_picture()
        asked = await ann.ask(Upload, UploadResult, size=len(file))
        # A balancer may send the bytes anywhere.
        media = await asyncio.to_thread(send, ben.url, asked.path, file, None)
        async with Client(carol.url, token=ann.token) as elsewhere:
            place = await elsewhere.post(group, "look", media=[media["id"]])
        assert place.seq
        await until(lambda: seen(ben, group, place.seq or 0), 60)
        assert len({await client.fetch_media(media["id"]) for client in (ann, ben, carol)}) == 1
        await ann.run_command(f"/delete {place.seq}", group)
        for client in (ann, ben, carol):
            with pytest.raises(RequestRefused) as refused:
                await client.fetch_media(media["id"])
            assert refused.value.detail["rule"] == "removed"
        await ann.run_command("/kick @ben enough", group)
    assert not (cluster.nodes[0].data / "media").exists()


async def seen(client: Client, group: str, seq: int) -> bool:
    """Say whether a client has an entry."""
    return client.cursors().get(group, 0) >= seq


async def test_nodes_that_share_no_place_take_no_uploads(start_cluster: StartCluster) -> None:
    cluster = await start_cluster(1)
    async with Client(cluster.nodes[0].ws) as ann:
        await ann.register("ann", "a good password")
        with pytest.raises(RequestRefused, match="Files cannot be uploaded to this server"):
            await ann.upload(planted_picture())
