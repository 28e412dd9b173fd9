"""Pages of media: what is asked of storage for those who ask."""

from typing import Any, cast

from starlette.requests import Request

from folkmoot_server.actions.media.showing import NOBODY, NOT_THERE, Asker
from folkmoot_server.actions.media.uploads import NO_ADDRESS
from folkmoot_server.common.clock import Clock, Ticks
from folkmoot_server.config.settings import Server
from folkmoot_server.http.media import AT_ONCE, MediaPages


class Storage:
    """Has nothing, and counts how often it is asked."""

    asked = 0

    async def receive(self, _token: str, _body: object) -> object:
        self.asked += 1
        return NO_ADDRESS

    async def asker(self, _id: str, **_shown: str) -> Asker:
        return NOBODY

    async def find(self, _id: str, _asker: Asker) -> object:
        self.asked += 1
        return NOT_THERE


def request(host: str, **path: str) -> Request:
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "client": (host, 1)}
    return Request({**scope, "path_params": path})


async def test_an_address_asks_for_so_many_files_and_then_waits() -> None:
    now, storage = 5_000, Storage()
    anything = cast(Any, storage)
    clock = Clock()
    clock.ticks = lambda: Ticks(now)  # type: ignore[method-assign]
    pages = MediaPages(anything, anything, anything, anything, clock, Server(), "en")
    for _ in range(AT_ONCE // 2):
        assert (await pages.show(request("203.0.113.1", id="x"))).status_code == 404
        assert (await pages.take(request("203.0.113.1", token="x"))).status_code == 404
    refused = await pages.show_small(request("203.0.113.1", id="x"))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert (await pages.take(request("203.0.113.1", token="x"))).status_code == 429
    assert storage.asked == AT_ONCE
    assert (await pages.show(request("203.0.113.2", id="x"))).status_code == 404
    now += 1_000
    assert (await pages.show(request("203.0.113.1", id="x"))).status_code == 404
